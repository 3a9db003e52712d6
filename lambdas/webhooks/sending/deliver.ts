/** One attempt of a delivery: what is sent, what the answer means, and what follows. */

import { retryAfterMs } from '../../shared/http/retry-after.ts';
import { type Delivery, type DeliveryAttempt, DeliveryStatus } from '../deliveries/delivery.ts';
import {
  type AttemptMessage,
  attemptMessage,
  type DeliveryQueue,
  MAX_QUEUE_DELAY_MS,
} from '../deliveries/delivery-queue.ts';
import type { AfterAttempt, DeliveryStore } from '../deliveries/delivery-store.ts';
import { nextDelayMs } from '../deliveries/retry-schedule.ts';
import { CALLBACKS_ID, type Endpoint, isActive } from '../endpoints/endpoint.ts';
import type { EndpointStore } from '../endpoints/endpoint-store.ts';
import type { SecretSeal } from '../endpoints/secret-seal.ts';
import type { SigningKey } from '../signing/signature.ts';
import { answerUrlOf, withoutLink } from './answer-link.ts';
import type { PostOutcome } from './post.ts';
import { type Outgoing, outgoingEvent } from './webhook-request.ts';

export interface DeliverDependencies {
  readonly endpoints: EndpointStore;
  readonly deliveries: DeliveryStore;
  readonly queue: DeliveryQueue;
  readonly deadLetters: DeliveryQueue;
  readonly signingKeys: { get(): Promise<readonly SigningKey[]> };
  readonly seal: SecretSeal;
  readonly post: (outgoing: Outgoing) => Promise<PostOutcome>;
  readonly retrySeconds: readonly number[];
  /** Where the API is, without a slash at its end. */
  readonly apiUrl: string;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

/** The receiver wants no more of this, ever. RFC 9110, 15.5.11. */
const GONE = 410;
/** What is too large will be so tomorrow. RFC 9110, 15.5.14. */
const CONTENT_TOO_LARGE = 413;

/**
 * Makes the attempt that a message asks for, unless it has been made. The next attempt is queued before this one is
 * recorded: whatever crashes in between leads to one attempt too many, never to one too few.
 */
export async function deliver(dependencies: DeliverDependencies, message: AttemptMessage): Promise<void> {
  const { endpoints, deliveries, signingKeys, seal, post, apiUrl, now = Date.now } = dependencies;
  const [found, endpoint] = await Promise.all([
    deliveries.get(message),
    endpoints.get(message.owner, message.endpointId),
  ]);
  if (found?.owner !== message.owner || message.attempt <= found.attemptCount) return;
  if (message.attempt > found.attemptCount + 1) {
    if (found.status !== DeliveryStatus.pending) return;
    throw new Error('The attempt before is not on record yet: the message is to come again.');
  }
  // Out of the dead-letter queue, where an operator has sent it back from.
  const isBack = message.again === true && found.status === DeliveryStatus.failed;
  const delivery = isBack ? await deliveries.reopen(found) : found;
  if (delivery?.status !== DeliveryStatus.pending) return;
  const url = addressOf(delivery, endpoint, now());
  if (url === undefined) return deliveries.cancel(delivery);

  const startedAt = new Date(now()).toISOString();
  const signer = endpoint && (await seal.opened(endpoint));
  const keys = await signingKeys.get();
  const answerUrl = answerUrlOf(delivery, endpoint, keys, apiUrl);
  const outcome = await post(outgoingEvent(delivery, url, signer, keys, now(), answerUrl));
  const attempt: DeliveryAttempt =
    'error' in outcome
      ? { at: startedAt, latencyMs: outcome.latencyMs, error: outcome.error, reason: outcome.message }
      : {
          at: startedAt,
          latencyMs: outcome.latencyMs,
          status: outcome.status,
          answer: withoutLink(outcome.answer, answerUrl),
        };
  if (attempt.status === GONE && endpoint && endpoint.endpointId !== CALLBACKS_ID) {
    await endpoints.disableGone(endpoint, url);
  }
  await deliveries.record(delivery, attempt, await follow(dependencies, delivery, outcome));
  if (endpoint) await sealAnew(dependencies, endpoint);
}

/** After the key was replaced: before it is again, everything that is in use is under the new one. */
async function sealAnew({ seal, endpoints }: DeliverDependencies, endpoint: Endpoint): Promise<void> {
  const secrets = await seal.resealed(endpoint);
  if (!secrets) return;
  const { owner, endpointId } = endpoint;
  await endpoints.update(owner, endpointId, { secrets }, { whereSecret: endpoint.secrets[0]?.value });
}

/** Where it goes; undefined when nobody is there to be told. */
function addressOf(delivery: Delivery, endpoint: Endpoint | undefined, nowMs: number): string | undefined {
  if (delivery.url !== undefined) return delivery.url;
  return endpoint && isActive(endpoint, nowMs) ? endpoint.url : undefined;
}

/** Queues what follows an attempt, and says what is to be recorded. */
async function follow(
  { queue, deadLetters, retrySeconds, now = Date.now }: DeliverDependencies,
  delivery: Delivery,
  outcome: PostOutcome,
): Promise<AfterAttempt> {
  const answered = 'status' in outcome;
  if (answered && outcome.status >= 200 && outcome.status < 300) return { status: DeliveryStatus.delivered };
  const isFinal = answered && [GONE, CONTENT_TOO_LARGE].includes(outcome.status);
  if (isFinal) return { status: DeliveryStatus.failed };

  const made = delivery.attemptCount + 1;
  const next = attemptMessage(delivery, made + 1);
  const askedMs = answered ? retryAfterMs(outcome.retryAfter, now()) : undefined;
  const delayMs = nextDelayMs(retrySeconds, made - delivery.attemptsBefore, askedMs);
  if (delayMs === undefined) {
    await deadLetters.send({ ...next, again: true });
    return { status: DeliveryStatus.failed };
  }
  const nextAttemptAt = new Date(now() + delayMs).toISOString();
  const waits = delayMs > MAX_QUEUE_DELAY_MS;
  if (!waits) await queue.send(next, delayMs);
  return { status: DeliveryStatus.pending, nextAttemptAt, waits };
}
