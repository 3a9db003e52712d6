/** Receives the webhook of a run: verifies it, and records when it arrived. */
import * as z from 'zod';
import { log } from '../shared/observability/log.ts';
import type { CanaryRuns } from './canary-runs.ts';
import { isAuthentic, type SignedWebhook } from './verify-webhook.ts';

export interface ReceiveDependencies {
  readonly runs: Pick<CanaryRuns, 'keys' | 'recordArrival'>;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

export interface ReceivedWebhook extends SignedWebhook {
  /** From the path. */
  readonly token: string;
  /** When the gateway received it; milliseconds since 1970. */
  readonly arrivedMs: number;
}

/** The events that end a job. */
export const END_EVENTS = ['job.completed', 'job.failed', 'job.cancelled'] as const;

const endEvent = z.object({
  type: z.enum(END_EVENTS),
  timestamp: z.iso.datetime(),
  data: z.object({ job_id: z.uuid() }),
});

/** 24 random bytes in base64url. */
const TOKEN = /^[\w-]{32}$/;
/** Events have at most 200 KB of data. */
const MAX_BODY_BYTES = 256 * 1024;

/** Responses to a webhook. The service repeats none but `unauthentic`. */
const Status = { recorded: 204, unauthentic: 401, unexpected: 410, tooLarge: 413 } as const;

/**
 * Records one webhook a job. A forged, repeated or unexpected webhook is refused and changes nothing.
 * @returns the status of the response
 */
export async function receiveWebhook(
  { runs, now = Date.now }: ReceiveDependencies,
  { token, arrivedMs, ...webhook }: ReceivedWebhook,
): Promise<number> {
  if (!TOKEN.test(token)) return refuse(Status.unexpected, 'The path has no token of a run.');
  if (Buffer.byteLength(webhook.body) > MAX_BODY_BYTES)
    return refuse(Status.tooLarge, 'The body is too large.');
  const keys = await runs.keys(token);
  if (!keys) return refuse(Status.unexpected, 'The token belongs to no run.');
  if (!isAuthentic(webhook, keys, now())) {
    return refuse(Status.unauthentic, 'The signature or the timestamp is invalid.');
  }
  const { data: event } = endEvent.safeParse(JSON.parse(webhook.body));
  if (!event) return refuse(Status.unexpected, 'The event does not end a job.');
  const { timestamp, data } = event;
  const arrival = { endedMs: Date.parse(timestamp), arrivedMs };
  if (await runs.recordArrival(token, data.job_id, arrival)) return Status.recorded;
  return refuse(Status.unexpected, 'The webhook has arrived before.');
}

function refuse(status: number, reason: string): number {
  log.warn('A webhook to the canary was refused', { status, reason });
  return status;
}
