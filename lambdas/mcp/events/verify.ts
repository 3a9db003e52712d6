/** Queues the verification of a receiver, and waits for its outcome. Another function calls the receiver. */
import { setTimeout as timer } from 'node:timers/promises';
import type { Endpoint } from '../../webhooks/endpoints/endpoint.ts';
import type { VerificationFailure } from '../../webhooks/sending/verify-subscription.ts';
import type { EventDependencies } from './event-method.ts';

/** Longer than the 15 s that a receiver has to respond, plus the delay of the queue. */
const LONGEST_WAIT_MS = 20_000;
/** The wait, and time for the reads and writes around it. */
export const VERIFICATION_HOLD_MS = LONGEST_WAIT_MS + 5_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 500;

/**
 * Verifies a subscription's receiver. No event is delivered before this succeeds.
 * @returns the reason of the failure; undefined on success
 */
export async function verify(
  { endpoints, queue, now = Date.now, pause = timer }: EventDependencies,
  { owner, endpointId }: Pick<Endpoint, 'owner' | 'endpointId'>,
): Promise<string | undefined> {
  const end = now() + LONGEST_WAIT_MS;
  await queue.send({ type: 'verification', owner, endpointId });
  for (let pauseMs = FIRST_PAUSE_MS; now() < end; pauseMs = Math.min(1.5 * pauseMs, LONGEST_PAUSE_MS)) {
    await pause(pauseMs);
    const endpoint = await endpoints.get(owner, endpointId);
    if (endpoint?.verifiedAt) return undefined;
    if (endpoint?.verificationFailure) return endpoint.verificationFailure;
  }
  return 'timeout' satisfies VerificationFailure;
}
