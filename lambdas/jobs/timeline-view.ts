/** Maps the timeline of a job to the shape that clients see: one entry a step, with its attempts and its waits. */
import { ErrorCode } from '../shared/errors.ts';
import { boundAttemptError } from './bound-record.ts';
import { isTerminal, type Job, type JobError, JobStatus } from './job.ts';
import type { TimelineEvent } from './timeline.ts';

/** When a job and its steps began, waited and ended. Times are ISO 8601. */
export interface TimelineView {
  /** Milliseconds from the creation of the job to the begin of its first step; absent before. */
  readonly queued_ms?: number;
  /** All steps of the operation, in order. Of an external state machine or a removed operation, only the recorded ones. */
  readonly steps: readonly StepView[];
}

export interface StepView {
  readonly step: string;
  /** `reused`: a retried job took the result of this step from the earlier job. */
  readonly status: JobStatus | 'reused';
  readonly started_at?: string;
  readonly ended_at?: string;
  /** Present once the step has begun. */
  readonly attempts?: readonly AttemptView[];
  /** Number of attempts that are left out, after the first one. */
  readonly attempts_omitted?: number;
  /** Waits for answers or for a file. */
  readonly waits?: readonly WaitView[];
}

export interface AttemptView {
  readonly started_at: string;
  readonly ended_at?: string;
  /** Why it failed; absent for an attempt that succeeded, still runs, or ended with a question. */
  readonly error?: Pick<JobError, 'code' | 'message'>;
}

export interface WaitView {
  readonly asked_at: string;
  readonly answered_at?: string;
}

type Writable<View> = { -readonly [Name in keyof View]: View[Name] };

/** An attempt after which the next one began, without a failure on record. */
const NO_REPORT = { code: ErrorCode.stepCrashed, message: 'The attempt ended without a report.' };

/**
 * Works for a job without a timeline too: then it has what the rest of the record says.
 * @param defined steps of the operation in order; empty when they are unknown
 */
export function viewTimeline(job: Job, defined: readonly string[]): TimelineView {
  const { timeline = [], startedAt, createdAt } = job;
  const recorded = [...timeline.map(({ step }) => step), ...(job.step ? [job.step] : [])];
  // A deploy may have removed a step since.
  const names = [...new Set([...defined, ...recorded])];
  const steps = names.map((step) => viewStep(job, step, names));
  return {
    ...(startedAt && { queued_ms: Math.max(0, Date.parse(startedAt) - Date.parse(createdAt)) }),
    steps: steps.map((view, index) => withEnd(job, view, steps[index + 1])),
  };
}

function viewStep(job: Job, step: string, names: readonly string[]): StepView {
  const { timeline = [], firstStep } = job;
  const index = names.indexOf(step);
  if (firstStep !== undefined && index < names.indexOf(firstStep)) return { step, status: 'reused' };
  const events = timeline.filter((event) => event.step === step);
  const status = statusOf(job, step, events.length > 0 || index < names.indexOf(job.step ?? ''));
  const { attempts, waits, omitted, endedMs } = readEvents(events);
  const isFirst = index === 0 || step === firstStep;
  const startedAt = attempts[0]?.started_at ?? (isFirst && status !== JobStatus.pending && job.startedAt);
  return {
    step,
    status,
    ...(startedAt && { started_at: startedAt }),
    ...(endedMs !== undefined && { ended_at: iso(endedMs) }),
    ...(attempts.length > 0 && { attempts }),
    ...(omitted > 0 && { attempts_omitted: omitted }),
    ...(waits.length > 0 && { waits }),
  };
}

function statusOf(job: Job, step: string, hasBegun: boolean): JobStatus {
  if (step === job.step) return job.status;
  return hasBegun ? JobStatus.completed : JobStatus.pending;
}

function readEvents(events: readonly TimelineEvent[]) {
  const attempts: Writable<AttemptView>[] = [];
  const waits: Writable<WaitView>[] = [];
  let omitted = 0;
  let endedMs: number | undefined;
  const end = (atMs: number, error?: AttemptView['error']) => {
    const last = attempts.at(-1);
    if (!last || last.ended_at) return;
    last.ended_at = iso(atMs);
    if (error) last.error = error;
  };
  for (const event of events) {
    if ('began' in event) {
      end(event.began, NO_REPORT);
      attempts.push({ started_at: iso(event.began) });
    } else if ('failed' in event) {
      end(event.failed, { code: event.code, message: event.message });
    } else if ('asked' in event) {
      end(event.asked);
      const last = waits.at(-1);
      // A retry of the waiting state asks again.
      if (!last || last.answered_at) waits.push({ asked_at: iso(event.asked) });
    } else if ('answered' in event) {
      const last = waits.at(-1);
      if (last) last.answered_at ??= iso(event.answered);
    } else if ('ended' in event) {
      end(event.ended);
      endedMs = event.ended;
    } else {
      omitted = event.omitted;
    }
  }
  return { attempts, waits, omitted, endedMs };
}

/** Ends a step whose end no event has: with the job, or with the begin of the next step. */
function withEnd(job: Job, view: StepView, next: StepView | undefined): StepView {
  const isLast = view.step === job.step && isTerminal(job.status);
  const end = view.ended_at ?? (isLast ? job.endedAt : endBefore(view, next));
  if (end === undefined) return view;
  const { attempts = [] } = view;
  const last = attempts.at(-1);
  if (!last || last.ended_at) return { ...view, ended_at: end };
  const failure = isLast && view.status === JobStatus.failed && job.error;
  const ended = { ...last, ended_at: end, ...(failure && { error: boundAttemptError(failure) }) };
  return { ...view, ended_at: end, attempts: [...attempts.slice(0, -1), ended] };
}

function endBefore({ status }: StepView, next: StepView | undefined): string | undefined {
  return status === JobStatus.completed ? next?.started_at : undefined;
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
