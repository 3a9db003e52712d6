/**
 * Repairs open jobs after lost starts and lost events: the execution did not start, or its end or the arrival of a file
 * produced no event.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { executionName, isTerminal, type Job, JobStatus, logKeysOf } from '../../jobs/job.ts';
import type { JobStore, OpenJob } from '../../jobs/job-store.ts';
import { addLogKeys, log, withLogKeys } from '../../shared/observability/log.ts';
import { addMetric } from '../../shared/observability/metrics.ts';
import type { TokenRate } from '../../shared/rate-limiter.ts';
import {
  type ExecutionEnd,
  type ExecutionState,
  type Executions,
  isOver,
  StartRefused,
} from '../executions.ts';
import { failStart } from '../fail-start.ts';
import { type AcceptUploadDependencies, acceptUpload } from '../input/accept-upload.ts';
import { CallPacer } from './call-pacer.ts';
import type { ExecutionRecorder } from './execution-recorder.ts';
import { recordExecutionEnded } from './record-failure.ts';
import { endRemoved } from './removed-operation.ts';
import { Finding, MAX_FINDINGS, type SweepFinding, type SweepFindings } from './sweep-findings.ts';
import type { SweepLease } from './sweep-lease.ts';

export interface ReconcileDependencies extends AcceptUploadDependencies {
  /** Milliseconds until the function times out. */
  readonly remainingMs: number;
  readonly lease: Pick<SweepLease, 'acquire'>;
  readonly findings: Pick<SweepFindings, 'add'>;
  readonly executions: Executions;
  /** Records executions of external state machines. */
  readonly recorder: ExecutionRecorder;
  /** Names of the operations of this deployment. */
  readonly deployed: ReadonlySet<string>;
  /** The longest run of each operation in milliseconds. */
  readonly longestRunsMs: ReadonlyMap<string, number>;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
  /** @default a timer */
  readonly delay?: (ms: number) => Promise<unknown>;
}

type Context = Required<Omit<ReconcileDependencies, 'remainingMs' | 'lease' | 'findings' | 'delay'>> & {
  /** Epoch milliseconds. Younger jobs and later ends are left alone: starts and end events take moments. */
  readonly beforeMs: number;
  /** Epoch milliseconds. The sweep takes no further job then. */
  readonly endsAtMs: number;
  readonly listCalls: CallPacer;
  readonly describeCalls: CallPacer;
  readonly failures: unknown[];
  /** The newest first. */
  readonly found: SweepFinding[];
  foundCount: number;
  /** True after Step Functions has throttled a start: the queue and the next sweep start the other jobs. */
  startsLater: boolean;
};

const GRACE_MS = 60_000;
/** Names of errors after which further calls would fail too: `ThrottlingException`, `ExecutionLimitExceeded`. */
const THROTTLED = /Throttl|LimitExceeded/;
/** Time for the last job, before the function times out. */
const LAST_JOB_MS = 20_000;
/**
 * Half of an account's quotas in the smaller regions, ListExecutions 100 + 2/s and DescribeExecution 250 + 10/s: the rest is
 * for the account's other users. A sweep of 90 s lists 140,000 executions and describes 575.
 */
const LIST_RATE: TokenRate = { burst: 50, perSecond: 1 };
const DESCRIBE_RATE: TokenRate = { burst: 125, perSecond: 5 };
/** Executions per page of a list. */
const PAGE = 1_000;
/** Pages of other executions, which an external state machine may have. Beyond them, jobs are described one by one. */
const EXTRA_PAGES = 10;
/** Difference of the clocks of DynamoDB's writer and Step Functions. */
const CLOCK_SKEW_MS = 60_000;

/**
 * Compares the open jobs that are older than a minute with the running executions, a thousand a call. Only jobs without a
 * running execution, and those that wait for a file, cost further calls. Does nothing while another sweep runs. A sweep that
 * runs out of time continues in the next one.
 * @throws AggregateError after all jobs, when some failed
 */
export async function reconcile({
  remainingMs,
  lease,
  findings,
  now = Date.now,
  delay = wait,
  ...dependencies
}: ReconcileDependencies): Promise<void> {
  const held = await lease.acquire(remainingMs);
  if (!held) return log.info('Another sweep runs; skipping this one');
  const endsAtMs = now() + remainingMs - LAST_JOB_MS;
  const pace = { endsAtMs, now, delay };
  const context: Context = {
    ...dependencies,
    now,
    beforeMs: now() - GRACE_MS,
    endsAtMs,
    listCalls: new CallPacer({ ...LIST_RATE, ...pace }),
    describeCalls: new CallPacer({ ...DESCRIBE_RATE, ...pace }),
    failures: [],
    found: [],
    foundCount: 0,
    startsLater: false,
  };
  let cursor = held.cursor;
  try {
    cursor = await sweep(context, held.cursor);
  } finally {
    await findings.add(context.found).catch((error: unknown) => {
      log.error('The findings of the sweep were not saved', { error });
    });
    await held.release(cursor);
    addMetric('SweepFindings', context.foundCount);
  }
  addMetric('Sweeps', 1);
  const { failures } = context;
  if (failures.length > 0)
    throw new AggregateError(
      failures,
      `Failed to reconcile ${failures.length} jobs or operations. Read the log for each cause.`,
    );
}

/** @returns where the next sweep begins; undefined when all jobs were looked at */
async function sweep(context: Context, cursor = ''): Promise<string | undefined> {
  const suspects = await findSuspects(context);
  // In the order of the ids, which are random, from where the last sweep stopped.
  const sorted = suspects.sort((a, b) => (a.jobId < b.jobId ? -1 : 1));
  const first = Math.max(
    0,
    sorted.findIndex(({ jobId }) => jobId > cursor),
  );
  log.debug('Sweeping', { suspects: sorted.length, first });
  let last = cursor;
  for (const open of [...sorted.slice(first), ...sorted.slice(0, first)]) {
    try {
      await withLogKeys(logKeysOf(open), () => reconcileOne(context, open));
    } catch (error) {
      if (error instanceof OutOfTime) return outOfTime(sorted, last);
      log.error('Failed to reconcile an open job', { ...logKeysOf(open), error });
      context.failures.push(error);
    }
    last = open.jobId;
  }
  return undefined;
}

/** The sweep may make no further call. */
class OutOfTime extends Error {
  override readonly name = 'OutOfTime';
}

function outOfTime(suspects: readonly OpenJob[], cursor: string): string {
  log.warn('The sweep ran out of time; the next one continues', { suspects: suspects.length });
  return cursor;
}

/** A job without a running execution, or one that waits for a file. */
type Suspect = OpenJob & { readonly isListed: boolean };

async function findSuspects(context: Context): Promise<Suspect[]> {
  const suspects: Suspect[] = [];
  const byOperation = await openJobs(context);
  measureOpenJobs([...byOperation.values()].flat(), context.longestRunsMs, context.now());
  for (const [operation, opens] of byOperation) {
    // Their executions may wait for answers for days. Step Functions ends each at its next transition.
    if (!context.deployed.has(operation)) {
      for (const open of opens) suspects.push({ ...open, isListed: false });
      continue;
    }
    try {
      const missing = await withoutRunning(context, operation, opens);
      for (const open of opens) {
        const isListed = !missing.has(executionName(open));
        if (!isListed || open.awaitsUpload) suspects.push({ ...open, isListed });
      }
    } catch (error) {
      log.error('Failed to list the executions of an operation', { operation, error });
      context.failures.push(error);
    }
  }
  return suspects;
}

/** @returns the open jobs that are old enough, by operation */
async function openJobs({ jobs, beforeMs }: Context): Promise<ReadonlyMap<string, readonly OpenJob[]>> {
  const byOperation = new Map<string, OpenJob[]>();
  for await (const open of jobs.openBefore(new Date(beforeMs).toISOString())) {
    const opens = byOperation.get(open.operation);
    if (opens) opens.push(open);
    else byOperation.set(open.operation, [open]);
  }
  return byOperation;
}

/** @returns the names of the jobs' executions that are not in the list of running ones */
async function withoutRunning(
  { executions, listCalls }: Context,
  operation: string,
  opens: readonly OpenJob[],
): Promise<ReadonlySet<string>> {
  const missing = new Set(opens.map(executionName));
  const oldest = opens.reduce((first, { createdAt }) => (createdAt < first ? createdAt : first), '9');
  const oldestMs = Date.parse(oldest) - CLOCK_SKEW_MS;
  const pages = Math.ceil(opens.length / PAGE) + EXTRA_PAGES;
  let after: string | undefined;
  for (let page = 0; page < pages && missing.size > 0 && (await listCalls.take()); page++) {
    const listed = await executions.running(operation, after);
    for (const name of listed.names) missing.delete(name);
    // Executions start after their jobs are created, and the list has the newest first.
    // A page can be empty and have a next one.
    if (listed.next === undefined || (listed.oldestMs !== undefined && listed.oldestMs < oldestMs)) break;
    after = listed.next;
  }
  return missing;
}

/** @throws OutOfTime */
async function reconcileOne(context: Context, open: Suspect): Promise<void> {
  const { jobs, recorder, workspace, now, endsAtMs, beforeMs } = context;
  if (now() >= endsAtMs) throw new OutOfTime();
  if (open.isListed) {
    if (await acceptUpload({ jobs, workspace }, open.jobId)) {
      log.warn('The event of an upload was lost; resuming its job');
      report(context, Finding.uploadLost, open);
    }
    return;
  }
  const job = await findSame(jobs, open);
  // It has ended since.
  if (!job || isTerminal(job.status)) return log.debug('The job has ended since', { status: job?.status });
  addLogKeys(logKeysOf(job));
  if (!context.deployed.has(open.operation)) {
    report(context, Finding.operationRemoved, open);
    return endRemoved(context, job);
  }
  if (job.status === JobStatus.pending && (await start(context, job))) return;
  const execution = await describe(context, open);
  if (!execution) {
    report(context, Finding.endLost, open);
    return recordEnd(jobs, open, { status: 'ABORTED' });
  }
  // A running one started after the list, or the list was old.
  if (!isOver(execution) || execution.stoppedAtMs > beforeMs) {
    return log.debug('The execution runs, or has just ended', { status: execution.status });
  }
  report(context, Finding.endLost, open);
  const operation = recorder.operationOf(open);
  if (operation) await recorder.record(job, operation, execution);
  else await recordEnd(jobs, open, execution);
}

/** @returns undefined when the execution does not exist @throws OutOfTime */
async function describe(
  { executions, describeCalls, failures }: Context,
  open: OpenJob,
): Promise<ExecutionState | undefined> {
  if (!(await describeCalls.take())) throw new OutOfTime();
  try {
    return await executions.find(open);
  } catch (error) {
    if (!THROTTLED.test((error as Error).name)) throw error;
    failures.push(error);
    throw new OutOfTime();
  }
}

/**
 * Starts a pending job without a look first: a start has the larger quota, and none starts twice.
 * @returns false when its execution has existed before
 */
async function start(context: Context, job: Job): Promise<boolean> {
  const { jobs, executions } = context;
  if (context.startsLater) return true;
  log.warn('A pending job has no running execution; starting it');
  try {
    const isStarted = await executions.start(job);
    if (isStarted) report(context, Finding.startLost, job);
    return isStarted;
  } catch (error) {
    if (error instanceof StartRefused) {
      report(context, Finding.startRefused, job);
      await failStart(jobs, job, error);
    } else if (THROTTLED.test((error as Error).name)) context.startsLater = true;
    else throw error;
    return true;
  }
}

function report(context: Context, finding: Finding, { jobId }: Pick<Job, 'jobId'>): void {
  const { found, now } = context;
  context.foundCount += 1;
  found.unshift({ finding, jobId, foundAt: new Date(now()).toISOString() });
  found.splice(MAX_FINDINGS);
}

/** @returns undefined when the idempotency key has created a new job since */
async function findSame(jobs: JobStore, { jobId, createdAt }: OpenJob): Promise<Job | undefined> {
  const job = await jobs.find(jobId);
  return job?.createdAt === createdAt ? job : undefined;
}

async function recordEnd(
  jobs: JobStore,
  open: OpenJob,
  end: { readonly status: ExecutionEnd['status']; readonly error?: string },
): Promise<void> {
  const { status, error } = end;
  log.warn('The end event of an execution was lost', { status });
  await recordExecutionEnded(jobs, { detail: { name: executionName(open), status, error } });
}

/**
 * Measures the open jobs that a sweep has listed.
 * @param longestRunsMs by operation; jobs of another operation are not overdue, since the sweep ends them
 */
function measureOpenJobs(
  opens: readonly OpenJob[],
  longestRunsMs: ReadonlyMap<string, number>,
  nowMs: number,
): void {
  const ages = opens.map(({ operation, createdAt }) => ({ operation, ageMs: nowMs - Date.parse(createdAt) }));
  const oldestMs = ages.reduce((longest, { ageMs }) => Math.max(longest, ageMs), 0);
  const overdue = ages.filter(({ operation, ageMs }) => ageMs > (longestRunsMs.get(operation) ?? Infinity));
  addMetric('OpenJobs', opens.length);
  addMetric('OldestOpenJob', Math.round(oldestMs / 1000));
  addMetric('OverdueJobs', overdue.length);
}
