/** Derives metrics from the changes of jobs, and writes them: one document for each operation of a batch. */
import { isTerminal, type Job, type JobError, JobStatus } from '../jobs/job.ts';
import { viewTimeline } from '../jobs/timeline-view.ts';
import { receiptOf } from '../receipt/receipt.ts';
import { cleanShortText } from '../shared/clean-text.ts';
import { region } from '../shared/env.ts';
import { ErrorCode, MAX_ERROR_CODE_CHARACTERS, SANDBOX_CRASHED } from '../shared/errors.ts';
import { log } from '../shared/observability/log.ts';
import { type MetricName, metricDefinitions } from '../shared/observability/metric-definitions.ts';
import { type MetricValues, publishMetricsOf } from '../shared/observability/metrics.ts';

/** A change of a job: its record before, which a new job lacks, and after. */
export interface JobChange {
  readonly before: Job | undefined;
  readonly after: Job;
}

/** What one change of a job adds to the metrics of its operation. */
interface JobMetrics {
  readonly values: Readonly<Partial<Record<MetricName, number>>>;
  /** Error code of a job that failed. */
  readonly code?: string;
}

const ENDINGS = {
  [JobStatus.completed]: 'JobsCompleted',
  [JobStatus.failed]: 'JobsFailed',
  [JobStatus.cancelled]: 'JobsCancelled',
} as const satisfies Partial<Record<JobStatus, MetricName>>;

/** Returns the metrics of a change: the same change always gives the same ones. Most changes are progress, and give none. */
export function jobMetricsOf({ before, after }: JobChange): JobMetrics {
  const { status, createdAt, startedAt, endedAt, retriedFrom, error } = after;
  // An idempotency key was used again, so a new record replaced the old one.
  if (!before || before.createdAt !== createdAt) {
    return { values: { JobsCreated: 1, ...(retriedFrom !== undefined && { JobsRetried: 1 }) } };
  }
  const starts = before.startedAt === undefined && startedAt !== undefined;
  const ends = !isTerminal(before.status) && isTerminal(status);
  return {
    values: {
      ...(starts && { JobsStarted: 1, QueuedTime: elapsedMs(createdAt, startedAt) }),
      ...(ends && {
        [ENDINGS[status as keyof typeof ENDINGS]]: 1,
        ...(error && isExecutionFailure(error) && { ExecutionFailures: 1 }),
        JobDuration: elapsedMs(createdAt, endedAt),
        JobCost: receiptOf(after, region())?.total_usd ?? 0,
        ...inputWaitTime(after),
      }),
    },
    ...(ends && error && { code: cleanShortText(error.code, MAX_ERROR_CODE_CHARACTERS) }),
  };
}

/** Codes of jobs whose step did not report the failure itself. */
const EXECUTION_FAILURES: readonly string[] = [
  ErrorCode.executionStopped,
  ErrorCode.startFailed,
  ErrorCode.stepCrashed,
];

function isExecutionFailure({ code, details }: JobError): boolean {
  return EXECUTION_FAILURES.includes(code) && details?.cause !== SANDBOX_CRASHED;
}

/** Returns nothing for a job that asked for nothing. */
function inputWaitTime(job: Job): Pick<JobMetrics['values'], 'InputWaitTime'> {
  const waits = viewTimeline(job, []).steps.flatMap((step) => step.waits ?? []);
  if (waits.length === 0) return {};
  const times = waits.map(({ asked_at, answered_at }) => elapsedMs(asked_at, answered_at ?? job.endedAt));
  return { InputWaitTime: times.reduce((sum, ms) => sum + ms, 0) };
}

/** Clocks differ: a negative time counts as 0. @returns NaN for an unknown time, which no metric takes */
function elapsedMs(from: string, to: string | undefined): number {
  return Math.max(0, Date.parse(to ?? '') - Date.parse(from));
}

/** Writes a document for each operation of a batch. Never throws: events are more important than metrics. */
export function publishJobMetrics(changes: readonly JobChange[]): void {
  for (const [operation, list] of Map.groupBy(changes, ({ after }) => after.operation)) {
    try {
      const found = list.map(jobMetricsOf);
      publishMetricsOf(operation, merge(found), { codes: found.flatMap(({ code }) => code ?? []) });
    } catch (error) {
      log.error('The metrics of a batch of jobs were not written', { operation, error });
    }
  }
}

/** Sums counts, and keeps each of the other values. */
function merge(list: readonly JobMetrics[]): MetricValues {
  const values = list.flatMap((each) => Object.entries(each.values) as [MetricName, number][]);
  return Object.fromEntries(
    [...Map.groupBy(values, ([name]) => name)].map(([name, entries]) => {
      const numbers = entries.map(([, value]) => value);
      const isCount = metricDefinitions[name].unit === 'Count';
      return [name, isCount ? [numbers.reduce((sum, value) => sum + value, 0)] : numbers];
    }),
  );
}
