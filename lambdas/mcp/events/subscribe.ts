/** `events/subscribe`: has events sent to a URL, for as long as the client keeps asking. */
import * as z from 'zod';
import { Scope } from '../../shared/caller.ts';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import { acceptUrl } from '../../shared/http/accept-url.ts';
import {
  DisabledReason,
  type Endpoint,
  EndpointKind,
  isActive,
  rotated,
} from '../../webhooks/endpoints/endpoint.ts';
import type { SecretSeal } from '../../webhooks/endpoints/secret-seal.ts';
import { parseSecret } from '../../webhooks/signing/signature.ts';
import type { ProtocolMethod } from '../protocol-method.ts';
import { allKeptSince, beginningOf, decodeCursor, encodeCursor, later } from './cursor.ts';
import { callbackFailed, deliveryModeUnsupported } from './errors.ts';
import { defineEventMethod, type EventDependencies } from './event-method.ts';
import type { EventTypes } from './event-types.ts';
import { grantedMs, hasLapsed, lifetime } from './lifetime.ts';
import { filterOf, subscriptionId } from './topic.ts';
import { verify } from './verify.ts';

const params = z.object({
  name: z.string(),
  arguments: z.unknown().optional(),
  // Other modes than webhook may well have neither: they are refused for what they are.
  delivery: z.object({ mode: z.string(), url: z.string().default(''), secret: z.string().default('') }),
  cursor: z.string().nullish(),
  ttlMs: z.number().nullish(),
});

export function subscribeMethod(types: EventTypes, dependencies: EventDependencies): ProtocolMethod {
  const { endpoints, seal, addressPolicy, now = Date.now } = dependencies;
  return defineEventMethod({
    method: 'events/subscribe',
    scope: Scope.webhooksManage,
    params,
    async call({ name, arguments: args, delivery, cursor, ttlMs }, owner) {
      const topic = types.read(name, args);
      if (delivery.mode !== 'webhook') throw deliveryModeUnsupported(delivery.mode);
      const secret = acceptSecret(delivery.secret);
      const url = acceptUrl('delivery.url', delivery.url, addressPolicy);
      const given = typeof cursor === 'string' ? decodeCursor(cursor) : undefined;

      const endpointId = subscriptionId(owner, url, topic);
      const all = await endpoints.list(owner);
      const existing = all.find((endpoint) => endpoint.endpointId === endpointId);
      const secrets = await secretsWith(secret, existing ?? { owner, endpointId, secrets: [] }, seal, now());
      const life = lifetime(now(), grantedMs(ttlMs));
      if (existing && isActive(existing, now())) {
        const refreshed = await endpoints.update(owner, endpointId, { secrets, ...life });
        // It has missed nothing, so that a cursor of the client's own is as good as ours, and may be further on.
        if (refreshed && isActive(refreshed, now())) {
          const position = later(given ?? beginningOf(refreshed), allKeptSince(now()));
          return answer(refreshed, encodeCursor(position), false);
        }
      }

      // Also when it was disabled: it begins anew, because nothing was kept for it meanwhile.
      const verifiedAt = verifiedAtOf(url, existing, all, now());
      const begun = await endpoints.put({
        owner,
        endpointId,
        kind: EndpointKind.subscription,
        url,
        ...filterOf(topic),
        secrets,
        verifiedAt,
        ...life,
      });
      if (verifiedAt === undefined) {
        const failure = await verify(dependencies, begun);
        // One that was there before stays, inactive: its history can still be polled.
        if (failure !== undefined && !existing) await endpoints.remove(owner, endpointId);
        if (failure !== undefined) throw callbackFailed(failure);
      }
      return answer(begun, encodeCursor(beginningOf(begun)), given !== undefined);
    },
  });
}

/** The endpoint's secrets with this one as the newest: a client that refreshes says the same one again. */
async function secretsWith(
  secret: string,
  { owner, endpointId, secrets }: Pick<Endpoint, 'owner' | 'endpointId' | 'secrets'>,
  seal: SecretSeal,
  nowMs: number,
): Promise<Endpoint['secrets']> {
  const place = { owner, endpointId };
  const [current] = secrets;
  if (current && (await seal.open(place, current.value)) === secret) return secrets;
  return rotated(secrets, await seal.seal(place, secret), nowMs);
}

/** @throws AppError INVALID_ARGUMENTS, without the secret. */
function acceptSecret(secret: string): string {
  if (parseSecret(secret)) return secret;
  throw new AppError(
    ErrorCode.invalidArguments,
    'delivery.secret: not a secret of Standard Webhooks. Give whsec_ and 24 to 64 random bytes in base64.',
  );
}

/**
 * When this owner's use of the URL was verified, by this subscription or by another that is alive: other arguments
 * must not have its receiver asked time and again.
 */
function verifiedAtOf(
  url: string,
  existing: Endpoint | undefined,
  all: readonly Endpoint[],
  nowMs: number,
): string | undefined {
  // A receiver that has said that it is gone is asked again.
  const isGone = existing?.disabled?.reason === DisabledReason.gone;
  if (existing?.verifiedAt && !isGone && !hasLapsed(existing, nowMs)) return existing.verifiedAt;
  return all.find(
    (other) => other.kind === EndpointKind.subscription && other.url === url && isActive(other, nowMs),
  )?.verifiedAt;
}

function answer({ endpointId, refreshBefore }: Endpoint, cursor: string, truncated: boolean) {
  return { id: endpointId, refreshBefore, cursor, truncated };
}
