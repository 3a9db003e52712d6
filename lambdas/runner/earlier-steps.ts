/** Reads from the data of the state machine what the steps before have left. */
import type { FinishedStep } from '../definition/finished-step.ts';
import type { Json } from '../shared/json.ts';

type Finished = Readonly<Record<string, FinishedStep>>;

/**
 * Returns the end of the step before, for the write that begins a step; nothing before the first step.
 * @param names the steps of the operation, in order
 */
export function endBefore(
  names: readonly string[],
  { step, finished }: { readonly step: string; readonly finished: Finished },
): { readonly ended?: { readonly step: string; readonly ended: number } } {
  const before = names[names.indexOf(step) - 1];
  const ended = before === undefined ? undefined : finished[before]?.ended;
  return before !== undefined && ended !== undefined ? { ended: { step: before, ended } } : {};
}

/** Returns the results by step. */
export function resultsOf(finished: Finished): Readonly<Record<string, Json>> {
  return Object.fromEntries(Object.entries(finished).map(([step, { result }]) => [step, result]));
}
