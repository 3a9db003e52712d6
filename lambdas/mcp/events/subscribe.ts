/** Defines `events/subscribe`: delivers events to a URL for as long as the client refreshes the subscription. */
import * as z from 'zod';
import { SENDING_SCOPES } from '../../shared/caller.ts';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import { acceptUrl } from '../../shared/http/accept-url.ts';
import {
  decodeCursor,
  encodeCursor,
  later,
  oldestKept,
  startPosition,
} from '../../webhooks/deliveries/cursor.ts';
import { type Endpoint, EndpointKind, isActive, rotateSecrets } from '../../webhooks/endpoints/endpoint.ts';
import type { SecretSeal } from '../../webhooks/endpoints/secret-seal.ts';
import { parseSecret } from '../../webhooks/signing/signature.ts';
import type { ProtocolMethod } from '../protocol-method.ts';
import { callbackFailed, deliveryModeUnsupported } from './errors.ts';
import {
  argumentsParam,
  cursorParam,
  defineEventMethod,
  type EventDependencies,
  maxAgeParam,
  nameParam,
  urlParam,
} from './event-method.ts';
import type { EventTypes } from './event-types.ts';
import { grantedMs, hasLapsed, lifetime } from './lifetime.ts';
import { filterOf, subjectOf, subscriptionId } from './topic.ts';
import { VERIFICATION_HOLD_MS, verify } from './verify.ts';

/** Longer than 64 bytes in base64, so that a secret that is a little too long is refused by name. */
const MAX_SECRET_CHARACTERS = 256;

const params = z.object({
  name: nameParam,
  arguments: argumentsParam,
  // Other modes may have neither URL nor secret: the error must name the mode, not a missing field.
  delivery: z.object({
    mode: z.string().max(64),
    url: urlParam.default(''),
    secret: z.string().max(MAX_SECRET_CHARACTERS).default(''),
  }),
  cursor: cursorParam,
  // No event is replayed, so none can be too old: `truncated` tells the client when it missed some.
  maxAgeMs: maxAgeParam,
  ttlMs: z.number().nullish(),
});

export function subscribeMethod(types: EventTypes, dependencies: EventDependencies): ProtocolMethod {
  const { endpoints, seal, waits, addressPolicy, now = Date.now } = dependencies;
  return defineEventMethod({
    method: 'events/subscribe',
    scopes: SENDING_SCOPES,
    params,
    async call({ name, arguments: args, delivery, cursor, ttlMs }, owner) {
      const topic = types.read(name, args);
      const subject = subjectOf(owner, topic);
      if (delivery.mode !== 'webhook') throw deliveryModeUnsupported(delivery.mode);
      const secret = acceptSecret(delivery.secret);
      const url = acceptUrl('delivery.url', delivery.url, addressPolicy);
      const given = typeof cursor === 'string' ? decodeCursor(subject, cursor, now()) : undefined;

      const endpointId = subscriptionId(owner, url, topic);
      const all = await endpoints.list(owner);
      const existing = all.find((endpoint) => endpoint.endpointId === endpointId);
      const secrets = await secretsWith(secret, existing ?? { owner, endpointId, secrets: [] }, seal, now());
      const life = lifetime(now(), grantedMs(ttlMs));
      if (existing && isActive(existing, now())) {
        const refreshed = await endpoints.update(owner, endpointId, { secrets, ...life });
        // The subscription missed no event, so the client's cursor is valid, and may be later than its start.
        if (refreshed && isActive(refreshed, now())) {
          const position = later(given ?? startPosition(refreshed), oldestKept(now()));
          return subscribeResult(refreshed, encodeCursor(subject, position), false);
        }
      }

      // A disabled subscription also starts anew: no events were kept for it meanwhile.
      const verifiedAt = verifiedAtOf(url, existing, all, now());
      const create = () =>
        endpoints.put({
          owner,
          endpointId,
          kind: EndpointKind.subscription,
          url,
          ...filterOf(topic),
          secrets,
          verifiedAt,
          ...life,
        });
      const createVerified = async () => {
        const unverified = await create();
        const failure = await verify(dependencies, unverified);
        // An earlier subscription stays on record, inactive: clients can still poll its history.
        if (failure !== undefined && !existing) await endpoints.remove(owner, endpointId);
        if (failure !== undefined) throw callbackFailed(failure);
        return unverified;
      };
      // The receiver decides how long its verification takes.
      const created = await (verifiedAt === undefined
        ? waits.run(owner, VERIFICATION_HOLD_MS, createVerified)
        : create());
      return subscribeResult(created, encodeCursor(subject, startPosition(created)), given !== undefined);
    },
  });
}

/** Returns the endpoint's secrets with this one as the newest. A client that refreshes repeats its secret. */
async function secretsWith(
  secret: string,
  { owner, endpointId, secrets }: Pick<Endpoint, 'owner' | 'endpointId' | 'secrets'>,
  seal: SecretSeal,
  nowMs: number,
): Promise<Endpoint['secrets']> {
  const place = { owner, endpointId };
  const [current] = secrets;
  if (current && (await seal.open(place, current.value)) === secret) return secrets;
  return rotateSecrets(secrets, await seal.seal(place, secret), nowMs);
}

/** @throws AppError INVALID_ARGUMENTS; its message does not contain the secret */
function acceptSecret(secret: string): string {
  if (parseSecret(secret)) return secret;
  throw new AppError(
    ErrorCode.invalidArguments,
    'delivery.secret: not a Standard Webhooks secret. Give whsec_ followed by 24 to 64 random bytes in base64.',
  );
}

/**
 * Returns when this owner's use of the URL was verified, by this subscription or another active one. Subscriptions with
 * other arguments must not challenge the receiver again.
 */
function verifiedAtOf(
  url: string,
  existing: Endpoint | undefined,
  all: readonly Endpoint[],
  nowMs: number,
): string | undefined {
  if (existing?.verifiedAt && !hasLapsed(existing, nowMs)) return existing.verifiedAt;
  return all.find(
    (other) => other.kind === EndpointKind.subscription && other.url === url && isActive(other, nowMs),
  )?.verifiedAt;
}

function subscribeResult({ endpointId, refreshBefore }: Endpoint, cursor: string, truncated: boolean) {
  return { id: endpointId, refreshBefore, cursor, truncated };
}
