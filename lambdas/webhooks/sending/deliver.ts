/** Makes one attempt of a delivery: sends the event, records the response and schedules the next attempt. */

import { SpanKind } from '@opentelemetry/api';
import { retryAfterMs } from '../../shared/http/retry-after.ts';
import { addLogKeys, log } from '../../shared/observability/log.ts';
import { addMetric } from '../../shared/observability/metrics.ts';
import { type TraceContext, toTraceContext } from '../../shared/observability/trace-context.ts';
import { inSpan } from '../../shared/observability/tracing.ts';
import { type Delivery, type DeliveryAttempt, DeliveryStatus, deliveryId } from '../deliveries/delivery.ts';
import {
  type AttemptMessage,
  attemptMessage,
  type DeliveryQueue,
  MAX_QUEUE_DELAY_MS,
} from '../deliveries/delivery-queue.ts';
import type { AfterAttempt, DeliveryStore } from '../deliveries/delivery-store.ts';
import { nextDelayMs } from '../deliveries/retry-schedule.ts';
import { type Endpoint, EndpointKind, isActive } from '../endpoints/endpoint.ts';
import type { EndpointStore } from '../endpoints/endpoint-store.ts';
import type { SecretSeal } from '../endpoints/secret-seal.ts';
import type { SigningKey } from '../signing/signature.ts';
import { answerUrlOf } from './answer-link.ts';
import type { PostOutcome, PostResponse } from './post.ts';
import { eventRequest, type WebhookRequest } from './webhook-request.ts';

export interface DeliverDependencies {
  readonly endpoints: EndpointStore;
  readonly deliveries: DeliveryStore;
  readonly queue: DeliveryQueue;
  readonly deadLetters: DeliveryQueue;
  readonly signingKeys: { get(): Promise<readonly SigningKey[]> };
  readonly seal: SecretSeal;
  readonly post: (request: WebhookRequest) => Promise<PostOutcome>;
  readonly retrySeconds: readonly number[];
  /** Base URL of the API, without a trailing slash. */
  readonly apiUrl: string;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

/**
 * A registered endpoint never wants another delivery (RFC 9110, 15.5.11; Standard Webhooks). The receiver of an MCP
 * subscription rejects only this one (SEP-3415, Webhook event delivery).
 */
const GONE = 410;
/** A retry cannot help: the event stays too large. RFC 9110, 15.5.14. */
const CONTENT_TOO_LARGE = 413;

/**
 * Makes the attempt that a message requests, unless it is already made. The next attempt is queued before this one is
 * recorded: a crash between the two leads to one attempt too many, never to one too few.
 * @throws Error when the previous attempt is not recorded yet: the queue delivers the message again
 */
export async function deliver(dependencies: DeliverDependencies, message: AttemptMessage): Promise<void> {
  const { endpoints, deliveries, now = Date.now } = dependencies;
  const [found, endpoint] = await Promise.all([
    deliveries.get(message),
    endpoints.get(message.owner, message.endpointId),
  ]);
  if (found?.owner !== message.owner || message.attempt <= found.attemptCount) {
    return log.debug('Nothing to deliver: the attempt is made, or its delivery is gone');
  }
  if (message.attempt > found.attemptCount + 1) {
    if (found.status !== DeliveryStatus.pending) return;
    throw new Error(`Attempt ${message.attempt - 1} is not recorded yet. Retry the message.`);
  }
  // An operator has redriven the message from the dead-letter queue.
  const isRedriven = message.again === true && found.status === DeliveryStatus.failed;
  const delivery = isRedriven ? await deliveries.reopen(found) : found;
  if (delivery?.status !== DeliveryStatus.pending) return;
  const url = urlOf(delivery, endpoint, now());
  const { endpointId, event } = delivery;
  if ('operation' in event.data) addLogKeys({ operation: event.data.operation });
  if (url === undefined) {
    log.info('Webhook not sent: its endpoint is deleted or inactive', { endpoint_id: endpointId });
    return deliveries.cancel(delivery);
  }
  // A deferred message waited for slow receivers of its owner.
  const isPrompt = message.attempt === 1 && !message.deferrals && !delivery.replayed;
  const attempt = { delivery, endpoint, url, isPrompt };
  if (!delivery.trace) return makeAttempt(dependencies, attempt);
  const span = {
    name: `deliver ${delivery.type}`,
    kind: SpanKind.CLIENT,
    attributes: { delivery_id: deliveryId(delivery), attempt: delivery.attemptCount + 1 },
  };
  return inSpan(delivery.trace, span, (trace) => makeAttempt(dependencies, attempt, toTraceContext(trace)));
}

interface Attempt {
  readonly delivery: Delivery;
  readonly endpoint: Endpoint | undefined;
  readonly url: string;
  /** Whether the time since the event is the service's own. */
  readonly isPrompt: boolean;
}

/** @param traceHeaders for the receiver, which continues the trace. No signature covers them. */
async function makeAttempt(
  dependencies: DeliverDependencies,
  { delivery, endpoint, url, isPrompt }: Attempt,
  traceHeaders: Partial<TraceContext> = {},
): Promise<void> {
  const { endpoints, deliveries, signingKeys, seal, post, apiUrl, now = Date.now } = dependencies;
  // The record of the attempt has the time of `webhook-timestamp`.
  const startedMs = now();
  const signer = endpoint && (await seal.openEndpoint(endpoint));
  const keys = await signingKeys.get();
  const answerUrl = answerUrlOf(delivery, endpoint, keys, apiUrl);
  const { headers, ...request } = eventRequest(delivery, url, signer, keys, startedMs, answerUrl);
  // After all that can fail and be tried again: the delay counts once.
  if (isPrompt) addMetric('WebhookDelay', Math.max(0, now() - Date.parse(delivery.event.timestamp)));
  const outcome = await post({ ...request, headers: { ...headers, ...traceHeaders } });
  const attempt: DeliveryAttempt = {
    at: new Date(startedMs).toISOString(),
    latencyMs: outcome.latencyMs,
    ...('error' in outcome
      ? { error: outcome.error, reason: outcome.message }
      : { status: outcome.status, ...responseOf(outcome, answerUrl) }),
  };
  if (attempt.status === GONE && endpoint?.kind === EndpointKind.webhook) {
    await endpoints.disableGone(endpoint, url);
  }
  const after = await scheduleNext(dependencies, delivery, outcome);
  await deliveries.record(delivery, attempt, after);
  logAttempt(delivery, attempt, after);
  measureAttempt(delivery, after, startedMs + outcome.latencyMs);
  if (endpoint) await resealSecrets(dependencies, endpoint);
}

/** @param endedMs epoch milliseconds */
function measureAttempt({ event, replayed }: Delivery, { status }: AfterAttempt, endedMs: number): void {
  const isDelivered = status === DeliveryStatus.delivered;
  addMetric('WebhookAttempts', 1);
  // Without the zeros, the ratio has no data while all attempts fail.
  addMetric('WebhookSuccesses', Number(isDelivered));
  if (status === DeliveryStatus.failed) addMetric('WebhooksAbandoned', 1);
  if (isDelivered && !replayed)
    addMetric('WebhookLatency', Math.max(0, endedMs - Date.parse(event.timestamp)));
}

/** One line for each request. The URL is not in it: it can be a secret. */
function logAttempt(
  { endpointId, event, attemptCount }: Delivery,
  { status, error, latencyMs }: DeliveryAttempt,
  after: AfterAttempt,
): void {
  const isDelivered = after.status === DeliveryStatus.delivered;
  log.info(isDelivered ? 'Webhook delivered' : 'Webhook not delivered', {
    attempt: attemptCount + 1,
    endpoint_id: endpointId,
    event: event.type,
    status,
    code: error,
    latency_ms: latencyMs,
    next_attempt_at: 'nextAttemptAt' in after ? after.nextAttemptAt : undefined,
  });
}

/** A response can repeat the link in any encoding, and who reads the record may not be allowed to answer. */
function responseOf(
  { text }: PostResponse,
  answerUrl: string | undefined,
): Pick<DeliveryAttempt, 'answer' | 'reason'> {
  return answerUrl === undefined
    ? { answer: text }
    : { reason: 'The response is not recorded, because it can repeat the answer link.' };
}

/** Seals an endpoint's secrets under the current key, so that no secret in use depends on the key before it. */
async function resealSecrets({ seal, endpoints }: DeliverDependencies, endpoint: Endpoint): Promise<void> {
  const secrets = await seal.resealSecrets(endpoint);
  if (!secrets) return;
  const { owner, endpointId } = endpoint;
  await endpoints.update(owner, endpointId, { secrets }, { whereSecret: endpoint.secrets[0]?.value });
}

/** Returns the target of a delivery; undefined when its endpoint is deleted or inactive. */
function urlOf(delivery: Delivery, endpoint: Endpoint | undefined, nowMs: number): string | undefined {
  if (delivery.url !== undefined) return delivery.url;
  return endpoint && isActive(endpoint, nowMs) ? endpoint.url : undefined;
}

/** Queues the next attempt, or the dead letter after the last one. @returns the delivery's state to record */
async function scheduleNext(
  { queue, deadLetters, retrySeconds, now = Date.now }: DeliverDependencies,
  delivery: Delivery,
  outcome: PostOutcome,
): Promise<AfterAttempt> {
  const hasResponse = 'status' in outcome;
  if (hasResponse && outcome.status >= 200 && outcome.status < 300) {
    return { status: DeliveryStatus.delivered };
  }
  const isFinal = hasResponse && [GONE, CONTENT_TOO_LARGE].includes(outcome.status);
  if (isFinal) return { status: DeliveryStatus.failed };

  const made = delivery.attemptCount + 1;
  const next = attemptMessage(delivery, made + 1);
  const askedMs = hasResponse ? retryAfterMs(outcome.retryAfter, now()) : undefined;
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
