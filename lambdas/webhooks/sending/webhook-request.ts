/** Builds the signed HTTP request of a delivery or a verification. */
import { toJson } from '../../shared/well-formed.ts';
import type { Delivery } from '../deliveries/delivery.ts';
import { type Endpoint, EndpointKind, signingSecrets } from '../endpoints/endpoint.ts';
import { type SigningKey, signedHeaders } from '../signing/signature.ts';

export interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Returns the request of a delivery. MCP subscriptions use other property names and a header with the subscription id. */
export function eventRequest(
  { event }: Delivery,
  url: string,
  endpoint: Endpoint | undefined,
  keys: readonly SigningKey[],
  nowMs: number,
  answerUrl?: string,
): WebhookRequest {
  const { id, type, timestamp, data } = event;
  const isMcp = endpoint?.kind === EndpointKind.subscription;
  const body = isMcp
    ? { eventId: id, name: type, timestamp, data }
    : { ...event, ...(answerUrl && { answer_url: answerUrl }) };
  return signed(url, id, body, endpoint, keys, nowMs);
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
      'content-type': 'application/json',
      'user-agent': 'mcp-async-operations',
      ...signedHeaders({ id, body, secrets, keys, nowMs }),
      ...(endpoint?.kind === EndpointKind.subscription && { 'x-mcp-subscription-id': endpoint.endpointId }),
    },
  };
}
