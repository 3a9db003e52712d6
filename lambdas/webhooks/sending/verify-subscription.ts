/** Verifies with a challenge that a receiver wants its new subscription, so that nobody can flood third parties. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { log } from '../../shared/observability/log.ts';
import type { VerificationMessage } from '../deliveries/delivery-queue.ts';
import { EndpointKind } from '../endpoints/endpoint.ts';
import type { DeliverDependencies } from './deliver.ts';
import type { PostError, PostOutcome } from './post.ts';
import { verificationRequest } from './webhook-request.ts';

/** Why a verification failed, in the categories of MCP Events: they reveal nothing of the receiver's response. */
export const VerificationFailure = {
  connectionRefused: 'connection_refused',
  timeout: 'timeout',
  tlsError: 'tls_error',
  http4xx: 'http_4xx',
  http5xx: 'http_5xx',
  challengeFailed: 'challenge_failed',
} as const;
export type VerificationFailure = (typeof VerificationFailure)[keyof typeof VerificationFailure];

/** Posts the challenge once and records the outcome. Does nothing for an endpoint that needs no verification. */
export async function verifySubscription(
  { endpoints, signingKeys, seal, post, now = Date.now }: DeliverDependencies,
  { owner, endpointId }: VerificationMessage,
): Promise<void> {
  const endpoint = await endpoints.get(owner, endpointId);
  if (endpoint?.kind !== EndpointKind.subscription || !endpoint.url || endpoint.verifiedAt) return;
  const challenge = randomBytes(24).toString('base64url');
  const signer = await seal.openEndpoint({ ...endpoint, url: endpoint.url });
  const outcome = await post(verificationRequest(signer, challenge, await signingKeys.get(), now()));
  const verificationFailure = failureOf(outcome, challenge);
  await endpoints.update(
    owner,
    endpointId,
    verificationFailure
      ? { verificationFailure }
      : { verifiedAt: new Date(now()).toISOString(), verificationFailure: undefined },
  );
  log.info(verificationFailure ? 'Subscription not verified' : 'Subscription verified', {
    endpoint_id: endpointId,
    failure: verificationFailure,
  });
}

function failureOf(outcome: PostOutcome, challenge: string): VerificationFailure | undefined {
  if ('error' in outcome) return BY_POST_ERROR[outcome.error];
  if (outcome.status >= 500) return VerificationFailure.http5xx;
  if (outcome.status >= 400) return VerificationFailure.http4xx;
  const isEcho = outcome.status >= 200 && outcome.status < 300 && echoes(outcome.body, challenge);
  return isEcho ? undefined : VerificationFailure.challengeFailed;
}

const BY_POST_ERROR: Readonly<Record<PostError, VerificationFailure>> = {
  ADDRESS_REFUSED: VerificationFailure.connectionRefused,
  DNS_FAILED: VerificationFailure.connectionRefused,
  CONNECTION_REFUSED: VerificationFailure.connectionRefused,
  CONNECTION_LOST: VerificationFailure.connectionRefused,
  TLS_ERROR: VerificationFailure.tlsError,
  TIMED_OUT: VerificationFailure.timeout,
};

function echoes(body: string | Buffer, challenge: string): boolean {
  try {
    const { challenge: echo } = JSON.parse(String(body)) as { readonly challenge?: unknown };
    const [given, expected] = [Buffer.from(String(echo)), Buffer.from(challenge)];
    return given.length === expected.length && timingSafeEqual(given, expected);
  } catch {
    return false;
  }
}
