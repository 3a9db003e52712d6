/** Defines the timeline of a job: what happened to its steps and when. Keeps it below 4 KiB, whatever the job does. */

/**
 * One thing that happened to a step, in epoch milliseconds. Each write of a job appends what it knows, so that the timeline costs
 * no write of its own. The end of the last step is the end of the job.
 */
export type TimelineEvent = { readonly step: string } & (
  | { readonly began: number }
  /** The step returned its result. */
  | { readonly ended: number }
  /** An attempt failed, and another one follows. */
  | { readonly failed: number; readonly code: string; readonly message: string }
  | { readonly asked: number }
  | { readonly answered: number }
  /** Number of attempts that the timeline leaves out, after the first one. */
  | { readonly omitted: number }
);

/** Bytes of all events. With the names of its attributes a timeline stays below 4 KiB. */
export const MAX_TIMELINE_BYTES = 4_000;
/** Size of a timeline that was shortened. The difference is room for the next events, which then need no read of the job. */
const SHORT_TIMELINE_BYTES = 2_500;

/** @returns bytes, never fewer than DynamoDB counts */
export function timelineBytes(events: readonly TimelineEvent[]): number {
  return events.reduce((sum, event) => sum + Buffer.byteLength(JSON.stringify(event)) + 1, 0);
}

/**
 * Leaves out attempts from a timeline that is too long. Equal events go first: each attempt repeats the end of the step before,
 * because an attempt before it may not have come so far. Of each step the first attempt and the latest ones stay, with the number
 * of those between. When that is not enough, the earliest steps drop out.
 * @returns the same events when they take at most `MAX_TIMELINE_BYTES`
 */
export function shortenTimeline(events: readonly TimelineEvent[]): readonly TimelineEvent[] {
  if (timelineBytes(events) <= MAX_TIMELINE_BYTES) return events;
  let kept: readonly TimelineEvent[] = [
    ...new Map(events.map((event) => [JSON.stringify(Object.entries(event).sort()), event])).values(),
  ];
  while (timelineBytes(kept) > SHORT_TIMELINE_BYTES) {
    kept = withoutSecondAttempt(kept) ?? withoutFirstStep(kept);
  }
  return kept;
}

/** @returns undefined when no step has more than two attempts */
function withoutSecondAttempt(events: readonly TimelineEvent[]): readonly TimelineEvent[] | undefined {
  const begins = Map.groupBy(
    events.flatMap((event, index) => ('began' in event ? [{ step: event.step, index }] : [])),
    ({ step }) => step,
  );
  const [most] = [...begins.values()].sort((a, b) => b.length - a.length);
  const [, second, third] = most ?? [];
  if (!second || !third) return undefined;
  const { step } = second;
  const isOfSecond = (event: TimelineEvent, index: number) =>
    event.step === step && !('omitted' in event) && index >= second.index && index < third.index;
  const omitted = events.find((event) => event.step === step && 'omitted' in event);
  const count = omitted && 'omitted' in omitted ? omitted.omitted : 0;
  return events.flatMap((event, index) => {
    if (event === omitted || (isOfSecond(event, index) && index !== second.index)) return [];
    return [index === second.index ? { step, omitted: count + 1 } : event];
  });
}

function withoutFirstStep(events: readonly TimelineEvent[]): readonly TimelineEvent[] {
  const rest = events.filter(({ step }) => step !== events[0]?.step);
  return rest.length > 0 ? rest : events.slice(1);
}
