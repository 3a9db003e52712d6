/** Computes the bars of a timeline: when each step waited for its start, ran, waited for a person and failed. */

import { msBetween } from './duration.ts';
import type { StepAttempt, Timeline, TimelineStep } from './job.ts';

/** A bar, in percent of the width of the timeline. */
export interface Bar {
  readonly kind: 'queued' | 'attempt' | 'failed' | 'wait' | 'open';
  readonly left: number;
  readonly width: number;
}

export interface TimelineRow {
  readonly step: TimelineStep;
  readonly bars: readonly Bar[];
  /** Undefined before the step begins. */
  readonly durationMs: number | undefined;
}

export interface TimelineLayout {
  /** From the creation of the job to its end, or to now. */
  readonly totalMs: number;
  readonly rows: readonly TimelineRow[];
}

/** A bar that is shorter would not be seen. */
const MIN_WIDTH = 0.4;

/**
 * @param createdAt ISO 8601, like all times
 * @param endedAt undefined while the job runs
 */
export function layoutTimeline(
  timeline: Timeline,
  createdAt: string,
  endedAt: string | undefined,
  nowMs: number,
): TimelineLayout {
  const startMs = Date.parse(createdAt);
  const endMs = Math.max(endedAt === undefined ? nowMs : Date.parse(endedAt), startMs + 1);
  const totalMs = endMs - startMs;
  const bar = (kind: Bar['kind'], from: string | undefined, to: string | undefined): readonly Bar[] => {
    const begin = Date.parse(from ?? '');
    // Clocks of machines differ: nothing is outside of the timeline.
    if (Number.isNaN(begin)) return [];
    const left = clamp(((begin - startMs) / totalMs) * 100);
    const right = clamp(((Date.parse(to ?? new Date(endMs).toISOString()) - startMs) / totalMs) * 100);
    return [{ kind, left: Math.min(left, 100 - MIN_WIDTH), width: Math.max(right - left, MIN_WIDTH) }];
  };
  const first = timeline.steps.find(({ started_at }) => started_at !== undefined);
  const rows = timeline.steps.map((step): TimelineRow => {
    const { status, started_at, ended_at, attempts = [], waits = [] } = step;
    const isOpen = status === 'running' || status === 'input_required';
    const end = ended_at ?? (isOpen || started_at === undefined ? undefined : endedAt);
    const runs =
      attempts.length > 0
        ? attempts.flatMap((attempt, index) => {
            const isLast = index === attempts.length - 1;
            const kind = attempt.error ? 'failed' : isLast && status === 'running' ? 'open' : 'attempt';
            return bar(
              kind,
              attempt.started_at,
              attempt.ended_at ?? (isLast ? end : attempts[index + 1]?.started_at),
            );
          })
        : bar(status === 'running' ? 'open' : 'attempt', started_at, end);
    return {
      step,
      bars: [
        ...(step === first ? bar('queued', createdAt, started_at) : []),
        ...runs,
        ...waits.flatMap(({ asked_at, answered_at }) => bar('wait', asked_at, answered_at ?? end)),
      ],
      durationMs:
        started_at === undefined ? undefined : msBetween(started_at, end ?? new Date(endMs).toISOString()),
    };
  });
  return { totalMs, rows };
}

function clamp(percent: number): number {
  return Math.min(100, Math.max(0, percent));
}

/** Says what the bars of a step show. */
export function describeStep({
  attempts = [],
  attempts_omitted = 0,
  waits = [],
  status,
}: TimelineStep): string {
  const tries = attempts.length + attempts_omitted;
  const asked = waits.length;
  return [
    ...(tries > 1 ? [`${tries} attempts`] : []),
    ...(asked > 0 ? [asked === 1 ? 'asked once' : `asked ${asked} times`] : []),
    ...(status === 'reused' ? ['result of the earlier job'] : []),
  ].join(', ');
}

/** Returns the attempts that failed, with their numbers. The timeline keeps the first attempt and omits those after it. */
export function failuresOf({
  attempts = [],
  attempts_omitted = 0,
}: TimelineStep): readonly (StepAttempt & { readonly number: number })[] {
  return attempts
    .map((attempt, index) => ({ ...attempt, number: index + 1 + (index > 0 ? attempts_omitted : 0) }))
    .filter(({ error }) => error);
}
