/** Counts the bytes that a step stores in the workspace bucket, with the days that they stay there. */
import { MAX_RETENTION_SECONDS } from '../jobs/retention.ts';
import { UPLOADS_PREFIX } from '../jobs/upload-key.ts';
import { countUse } from '../shared/usage.ts';

const DAY_SECONDS = 24 * 60 * 60;
/** Files that no lifecycle rule deletes are counted for their first month. */
const MONTH_DAYS = 30;

/** As the lifecycle rules of the bucket say, for operations that run less than a day. */
const DAYS: readonly (readonly [prefix: string, days: number])[] = [
  ['work/', 1],
  [UPLOADS_PREFIX, 1],
  ['logs/', 1 + MAX_RETENTION_SECONDS / DAY_SECONDS],
  ['results/', 1 + MAX_RETENTION_SECONDS / DAY_SECONDS],
];

export function countStored(key: string, bytes: number): void {
  const [, days] = DAYS.find(([prefix]) => key.startsWith(prefix)) ?? ['', MONTH_DAYS];
  countUse('byteDays', bytes * days);
}
