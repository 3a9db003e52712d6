/** Counts what an invocation uses of AWS: the counts of a job's steps are stored on its record, with writes that happen anyway. */
import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * What can be counted. A job has few of each: the counts of all its attempts add up, so they take the same space after 1 attempt and
 * after 1,000.
 */
export const USES = [
  /** Attempts of steps that began, also those that crashed. */
  'attempts',
  /** Invocations of the function of the steps that reported what they used. */
  'invocations',
  /** Memory in MiB × milliseconds of these. */
  'mbMs',
  /** Invocations of the sandbox, and their MiB × milliseconds. */
  'sandboxes',
  'sandboxMbMs',
  /** Reports of sandboxes: requests to the API. */
  'reports',
  /** State transitions. */
  'transitions',
  /** Times that the job waited for answers or a file. */
  'waits',
  /** Reads of the record by the steps. */
  'reads',
  /** Requests to S3 that write or list. */
  'puts',
  /** Requests to S3 that read. */
  'gets',
  /** Bytes in S3 × days until its lifecycle rules delete them. */
  'byteDays',
] as const;
export type Use = (typeof USES)[number];

/** Counts by what was used; absent for 0. */
export type Usage = Readonly<Partial<Record<Use, number>>>;

/** @returns the sums, without zeros */
export function sumUsage(usages: readonly (Usage | undefined)[]): Usage {
  const sums = USES.map((use) => [use, usages.reduce((sum, usage) => sum + (usage?.[use] ?? 0), 0)] as const);
  return Object.fromEntries(sums.filter(([, sum]) => sum > 0));
}

/** A step that ends its job without a result leads to `record_failure` and `failed`. */
export const FAILURE_TRANSITIONS = 2;

const counts = new AsyncLocalStorage<Partial<Record<Use, number>>>();

/** Runs a function, and counts what it and its callees use. */
export function countingUse<T>(run: () => T): T {
  return counts.run({}, run);
}

/** A sandbox may report any size: a count stays a whole number, and what a record can store. */
const MAX_AMOUNT = 1e15;

/** Counts a use by the invocation that runs. Does nothing outside of `countingUse`. */
export function countUse(use: Use, amount = 1): void {
  const counted = counts.getStore();
  if (counted && amount > 0) counted[use] = (counted[use] ?? 0) + Math.ceil(Math.min(amount, MAX_AMOUNT));
}

/** @returns what the invocation has used so far */
export function countedUse(): Usage {
  return { ...counts.getStore() };
}
