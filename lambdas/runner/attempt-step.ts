/** Runs the code of a step with a timeout and a heartbeat, and returns how the attempt ended. */

import type { Step, StepContext } from '../definition/step-context.ts';
import { type JobStore, TransitionRefused } from '../jobs/job-store.ts';
import type { Watched } from '../jobs/watch.ts';
import { AppError, ErrorCode } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import { Heartbeat } from './heartbeat.ts';

/** The end of an attempt. `leaseLost`: the job has ended, or a later attempt has taken over. */
export type Ending =
  | { readonly kind: 'result'; readonly result: Json }
  | { readonly kind: 'failure'; readonly error: unknown }
  | { readonly kind: 'leaseLost' };

export interface AttemptOptions {
  readonly step: string;
  readonly work: Step<never, never>;
  readonly context: Omit<StepContext, 'signal' | 'progress'>;
  readonly jobs: JobStore;
  /** The job as the begin of the attempt left it. */
  readonly job: Watched;
  readonly lease: string;
  /** Maps a fraction of this step, 0..1, to the progress of the job; never below the recorded progress. */
  readonly overall: (fraction: number) => number;
  /** Timeout of the attempt in milliseconds. */
  readonly limitMs: number;
  /** Milliseconds between heartbeats. */
  readonly heartbeatMs: number;
}

/** The runner abandons a step that ignores its signal for this long. */
const ABORT_GRACE_MS = 5_000;

/** Abort reason of a step that lost its lease. */
const LEASE_LOST = Symbol('leaseLost');

export async function attemptStep(options: AttemptOptions): Promise<Ending> {
  const { step, work, context, jobs, job, lease, overall, limitMs, heartbeatMs } = options;
  const { jobId } = context;
  const stop = new AbortController();
  const heartbeat = new Heartbeat({
    intervalMs: heartbeatMs,
    job,
    report: ({ fraction, message }) => jobs.report(jobId, lease, { progress: overall(fraction), message }),
    readLease: () => jobs.readLease(jobId, lease),
    onLeaseLost: () => stop.abort(LEASE_LOST),
    isLeaseLost: (error) => error instanceof TransitionRefused,
  });
  const deadline = setTimeout(() => stop.abort(timedOut(step, limitMs)), limitMs);
  try {
    const ending = await settle(
      work({
        ...context,
        input: context.input as never,
        results: context.results as never,
        signal: stop.signal,
        progress: (fraction, message) => heartbeat.update(fraction, message),
      }),
      stop.signal,
    );
    return stop.signal.reason === LEASE_LOST ? { kind: 'leaseLost' } : ending;
  } finally {
    clearTimeout(deadline);
    await heartbeat.stop();
  }
}

/**
 * Waits for the end of the step or of its signal. After an abort a result can be incomplete, so it does not count. A step that
 * does not end after an abort is abandoned.
 */
async function settle(work: Promise<Json>, signal: AbortSignal): Promise<Ending> {
  let grace: NodeJS.Timeout | undefined;
  const aborted = (): Ending => ({ kind: 'failure', error: signal.reason });
  const abandoned = new Promise<Ending>((resolve) => {
    signal.addEventListener('abort', () => {
      grace = setTimeout(() => resolve(aborted()), ABORT_GRACE_MS);
    });
  });
  const done = work.then(
    (result): Ending => (signal.aborted ? aborted() : { kind: 'result', result: result ?? null }),
    (error): Ending => (signal.aborted ? aborted() : { kind: 'failure', error }),
  );
  const ending = await Promise.race([done, abandoned]);
  clearTimeout(grace);
  return ending;
}

/** @returns the error of an attempt that outlived its limit */
export function timedOut(step: string, limitMs: number): AppError {
  const limit_seconds = Math.round(limitMs / 1000);
  return new AppError(
    ErrorCode.stepTimedOut,
    `The step ${step} exceeded its limit of ${limit_seconds} s and was stopped. Request less work, or try again.`,
    { details: { limit_seconds } },
  );
}
