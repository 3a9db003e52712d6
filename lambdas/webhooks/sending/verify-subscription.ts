/** Asks the receiver of a new subscription whether it wants what will be sent, so that nobody can have others flooded. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { VerificationMessage } from '../deliveries/delivery-queue.ts';
import { EndpointKind } from '../endpoints/endpoint.ts';
import type { DeliverDependencies } from './deliver.ts';
import type { PostError, PostOutcome } from './post.ts';
import { outgoingVerification } from './webhook-request.ts';

/** Why a receiver has not proved anything, in the categories of MCP Events: they tell nothing of its answer. */
export const VerificationFailure = {
  connectionRefused: 'connection_refused',
  timeout: 'timeout',
  tlsError: 'tls_error',
  http4xx: 'http_4xx',
  http5xx: 'http_5xx',
  challengeFailed: 'challenge_failed',
} as const;
export type VerificationFailure = (typeof VerificationFailure)[keyof typeof VerificationFailure];

export async function verifySubscription(
  { endpoints, signingKeys, seal, post, now = Date.now }: DeliverDependencies,
  { owner, endpointId }: VerificationMessage,
): Promise<void> {
  const endpoint = await endpoints.get(owner, endpointId);
  if (endpoint?.kind !== EndpointKind.subscription || !endpoint.url || endpoint.verifiedAt) return;
  const challenge = randomBytes(24).toString('base64url');
  const signer = await seal.opened({ ...endpoint, url: endpoint.url });
  const outcome = await post(outgoingVerification(signer, challenge, await signingKeys.get(), now()));
  const verificationFailure = failureOf(outcome, challenge);
  await endpoints.update(
    owner,
    endpointId,
    verificationFailure
      ? { verificationFailure }
      : { verifiedAt: new Date(now()).toISOString(), verificationFailure: undefined },
  );
}

function failureOf(outcome: PostOutcome, challenge: string): VerificationFailure | undefined {
  if ('error' in outcome) return OF_ERRORS[outcome.error];
  if (outcome.status >= 500) return VerificationFailure.http5xx;
  if (outcome.status >= 400) return VerificationFailure.http4xx;
  const isEcho = outcome.status >= 200 && outcome.status < 300 && echoes(outcome.body, challenge);
  return isEcho ? undefined : VerificationFailure.challengeFailed;
}

const OF_ERRORS: Readonly<Record<PostError, VerificationFailure>> = {
  ADDRESS_REFUSED: VerificationFailure.connectionRefused,
  DNS_FAILED: VerificationFailure.connectionRefused,
  CONNECTION_REFUSED: VerificationFailure.connectionRefused,
  CONNECTION_LOST: VerificationFailure.connectionRefused,
  TLS_ERROR: VerificationFailure.tlsError,
  TIMED_OUT: VerificationFailure.timeout,
};

function echoes(body: string | Buffer, challenge: string): boolean {
  try {
    const { challenge: answer } = JSON.parse(String(body)) as { readonly challenge?: unknown };
    const [given, expected] = [Buffer.from(String(answer)), Buffer.from(challenge)];
    return given.length === expected.length && timingSafeEqual(given, expected);
  } catch {
    return false;
  }
}
