/** What goes over the wire to an endpoint: the body and the headers of a delivery or of a verification. */
import type { Delivery } from '../deliveries/delivery.ts';
import { type Endpoint, EndpointKind, signingSecrets } from '../endpoints/endpoint.ts';
import { type SigningKey, signedHeaders } from '../signing/signature.ts';

export interface Outgoing {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An event as the endpoint's kind wants it: MCP clients know it under other names, and by their subscription. */
export function outgoingEvent(
  { event }: Delivery,
  url: string,
  endpoint: Endpoint | undefined,
  keys: readonly SigningKey[],
  nowMs: number,
  answerUrl?: string,
): Outgoing {
  const { id, type, timestamp, data } = event;
  const isMcp = endpoint?.kind === EndpointKind.subscription;
  const body = isMcp
    ? { eventId: id, name: type, timestamp, data }
    : { ...event, ...(answerUrl && { answer_url: answerUrl }) };
  return signed(url, id, body, endpoint, keys, nowMs);
}

/** Asks a receiver to prove that it wants what a subscription will send, by answering with the challenge. */
export function outgoingVerification(
  endpoint: Endpoint & { readonly url: string },
  challenge: string,
  keys: readonly SigningKey[],
  nowMs: number,
): Outgoing {
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
): Outgoing {
  const body = JSON.stringify(content);
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
