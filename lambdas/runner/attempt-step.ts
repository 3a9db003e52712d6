/** Runs an operation's own code under a deadline and a heartbeat, and says how it ended. */

import type { Step, StepContext } from '../definition/step-context.ts';
import { type JobStore, TransitionRefused } from '../jobs/job-store.ts';
import { AppError, ErrorCode } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import { Pulse } from './heartbeat.ts';

/** How an attempt ended. `lost`: the job has ended meanwhile, or a later attempt has taken it over. */
export type Ending =
  | { readonly kind: 'result'; readonly result: Json }
  | { readonly kind: 'failure'; readonly error: unknown }
  | { readonly kind: 'lost' };

export interface AttemptOptions {
  readonly step: string;
  readonly work: Step<never, never>;
  readonly context: Omit<StepContext, 'signal' | 'progress'>;
  readonly jobs: JobStore;
  readonly lease: string;
  /** Progress of the whole job for a share of this step, 0..1; never below what the record already says. */
  readonly overall: (fraction: number) => number;
  /** Milliseconds. */
  readonly limitMs: number;
  readonly pulseMs: number;
}

/** A step that ignores its signal is left behind after this long. */
const ABORT_GRACE_MS = 5_000;

/** The reason of a signal that fires because the step has lost its job. */
const LOST = Symbol('lost');

export async function attemptStep(options: AttemptOptions): Promise<Ending> {
  const { step, work, context, jobs, lease, overall, limitMs, pulseMs } = options;
  const { jobId } = context;
  const stop = new AbortController();
  const pulse = new Pulse({
    intervalMs: pulseMs,
    report: ({ fraction, message }) => jobs.report(jobId, lease, { progress: overall(fraction), message }),
    holds: () => jobs.holds(jobId, lease),
    onLost: () => stop.abort(LOST),
    isLoss: (error) => error instanceof TransitionRefused,
  });
  const deadline = setTimeout(() => stop.abort(timedOut(step, limitMs)), limitMs);
  try {
    const ending = await settle(
      work({
        ...context,
        input: context.input as never,
        results: context.results as never,
        signal: stop.signal,
        progress: (fraction, message) => pulse.note(fraction, message),
      }),
      stop.signal,
    );
    return stop.signal.reason === LOST ? { kind: 'lost' } : ending;
  } finally {
    clearTimeout(deadline);
    await pulse.stop();
  }
}

/**
 * The step's ending, or that of its signal: once that has fired, an answer may be half of one, and is not taken. A step
 * that does not end after it is left behind.
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

function timedOut(step: string, limitMs: number): AppError {
  const limit_seconds = Math.round(limitMs / 1000);
  return new AppError(
    ErrorCode.stepTimedOut,
    `The step ${step} took longer than its limit of ${limit_seconds} s and was stopped.`,
    { details: { limit_seconds } },
  );
}
