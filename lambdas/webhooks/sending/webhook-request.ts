/** Builds the signed HTTP request of a delivery or a verification. */
import { toJson } from '../../shared/well-formed.ts';
import { type Delivery, DeliveryStatus } from '../deliveries/delivery.ts';
import { occurrenceOf } from '../deliveries/occurrence.ts';
import { type Endpoint, EndpointKind, isSubscriptionId, signingSecrets } from '../endpoints/endpoint.ts';
import { type SigningKey, signedHeaders } from '../signing/signature.ts';

export interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const HEADERS = { 'content-type': 'application/json', 'user-agent': 'mcp-async-operations' } as const;

/** The request of a delivery, as its owner sees it: without the signature and the answer link, which are secrets. */
export interface RequestView {
  /** Those that are the same at every attempt. `webhook-timestamp` is the start of an attempt in whole seconds. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly body: string;
}

/** @returns undefined for a delivery that is held: it is never sent */
export function viewRequest({ event, cursor, endpointId, status }: Delivery): RequestView | undefined {
  if (status === DeliveryStatus.held) return undefined;
  const isMcp = isSubscriptionId(endpointId);
  return {
    headers: { ...HEADERS, 'webhook-id': event.id, ...(isMcp && subscriptionHeader(endpointId)) },
    body: toJson(isMcp ? occurrenceOf(event, cursor) : event),
  };
}

/** Returns the request of a delivery. MCP subscriptions use other property names and a header with the subscription id. */
export function eventRequest(
  { event, cursor }: Delivery,
  url: string,
  endpoint: Endpoint | undefined,
  keys: readonly SigningKey[],
  nowMs: number,
  answerUrl?: string,
): WebhookRequest {
  const isMcp = endpoint?.kind === EndpointKind.subscription;
  const ofEvent = answerUrl ? { ...event, answer_url: answerUrl } : event;
  const body = isMcp ? occurrenceOf(event, cursor) : ofEvent;
  return signed(url, event.id, body, endpoint, keys, nowMs);
}

function subscriptionHeader(endpointId: string) {
  return { 'x-mcp-subscription-id': endpointId };
}

/** Returns the request of a verification: the receiver proves its consent by returning the challenge. */
export function verificationRequest(
  endpoint: Endpoint & { readonly url: string },
  challenge: string,
  keys: readonly SigningKey[],
  nowMs: number,
): WebhookRequest {
  const body = { type: 'verification', challenge };
  return signed(endpoint.url, `msg_verification_${challenge}`, body, endpoint, keys, nowMs);
}

function signed(
  url: string,
  id: string,
  content: object,
  endpoint: Endpoint | undefined,
  keys: readonly SigningKey[],
  nowMs: number,
): WebhookRequest {
  const body = toJson(content);
  const secrets = signingSecrets(endpoint, nowMs);
  return {
    url,
    body,
    headers: {
      ...HEADERS,
      ...signedHeaders({ id, body, secrets, keys, nowMs }),
      ...(endpoint?.kind === EndpointKind.subscription && subscriptionHeader(endpoint.endpointId)),
    },
  };
}
