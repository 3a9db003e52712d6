/** Makes up the jobs of a team over some days: many builds, deploys and searches, of which some fail. */
import type { Job } from '../../lambdas/jobs/job.ts';
import { jobRecord } from './seed-jobs.ts';

const HOUR_MS = 60 * 60 * 1_000;
/** The first run most. */
const PROJECTS = ['web-shop', 'hello-service', 'billing', 'search-index', 'mobile-api', 'docs-site'] as const;
/** Their usual duration in milliseconds. The first run most. */
const OPERATIONS = [
  ['build', 45_000],
  ['deploy', 18_000],
  ['search', 2_500],
] as const;

/** The same numbers from 0 to 1 in each run. */
function* randomNumbers(): Generator<number, never> {
  for (let state = 42; ; ) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    yield state / 2 ** 31;
  }
}

interface HistoryOptions {
  /** @default 180 */
  readonly count?: number;
  /** Milliseconds over which the jobs began. @default 60 hours */
  readonly overMs?: number;
  /** Epoch milliseconds. @default now */
  readonly nowMs?: number;
}

export function variedJobs(
  owner: string,
  { count = 180, overMs = 60 * HOUR_MS, nowMs = Date.now() }: HistoryOptions = {},
): readonly Job[] {
  const numbers = randomNumbers();
  const random = () => numbers.next().value;
  const pick = <List extends readonly unknown[]>(list: List): List[number] =>
    list[Math.floor(random() ** 1.7 * list.length)];
  return Array.from({ length: count }, (_, index) => {
    const [operation, usualMs] = pick(OPERATIONS);
    const startMs = nowMs - 120_000 - (index + random()) * (overMs / count);
    // Most take about as long as usual, and some much longer.
    const durationMs = usualMs * Math.exp((random() + random() + random() - 1.5) * 1.3);
    const isOdd = random();
    const status = isOdd < 0.09 ? 'failed' : isOdd < 0.12 ? 'cancelled' : 'completed';
    return jobRecord({
      owner,
      operation,
      status,
      input: { project: pick(PROJECTS) },
      createdAt: new Date(startMs).toISOString(),
      startedAt: new Date(startMs + 200).toISOString(),
      endedAt: new Date(startMs + 200 + durationMs * (status === 'completed' ? 1 : random())).toISOString(),
    });
  });
}
