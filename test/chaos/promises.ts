/** Checks what a run must keep: nothing lost, nothing twice, nothing stuck, every event delivered, owners treated alike. */
import { ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { leadingJobId } from '../../lambdas/jobs/job.ts';
import { DEFAULT_EVENTS } from '../../lambdas/webhooks/endpoints/endpoint.ts';
import type { LocalCloud } from '../../local/cloud.ts';
import { operationName } from '../support/operation-name.ts';
import { awsClients } from '../support/test-cloud.ts';
import type { ChangeLog, FollowedJob } from './change-log.ts';
import { FLOODER, type PlannedJob } from './plan.ts';
import type { ChaosReceiver, Wait } from './receiver.ts';

export interface StartedJob extends PlannedJob {
  /** Undefined when an abandoned start was not answered. */
  jobId?: string;
  /** The status that cancel_job returned. */
  cancelled?: string;
  /** What went wrong for its caller. */
  failure?: string;
}

/**
 * Of the waits of jobs: the 95th percentile of the others, relative to the flooder's. Jobs start in the order of their calls. When
 * one owner calls 800 times and then others call 200 times, the ratio is 1.3.
 */
const MOST_JOB_RATIO = 1.5;
/**
 * Of the waits of webhooks in the burst. The slots of owners let the others overtake the flooder, whose receiver is slow. In the
 * order of events, the ratio is 1.3 too.
 */
const MOST_DELIVERY_RATIO = 1;
/** A machine under load takes as long for webhooks that wait for nobody. */
const SHORT_WAIT_MS = 10_000;

export function lostAndStuck(
  started: readonly StartedJob[],
  log: ChangeLog,
  kills: ReadonlyMap<string, number>,
) {
  const lost: string[] = [];
  const wrong: string[] = [];
  for (const { key, jobId, failure, isAbandoned, ...job } of started) {
    if (failure !== undefined) wrong.push(`${key}: ${failure}`);
    if (jobId === undefined) {
      if (!isAbandoned) lost.push(`${key}: no start was accepted`);
      continue;
    }
    const found = log.jobs.get(jobId);
    if (!found) lost.push(`${key}: ${jobId} is not in the table`);
    else if (found.endedAt !== undefined) {
      const problem = problemOf({ key, ...job }, found, kills.get(jobId) ?? 0);
      if (problem) wrong.push(`${key}: ${jobId} ${problem}`);
    }
  }
  const stuck = log
    .open()
    .map(({ jobId, status, step, createdAt }) => `${jobId}: ${status} ${step ?? ''} since ${createdAt}`);
  return { lost, wrong, stuck };
}

/** @returns how the end of a job differs from its planned behaviour */
function problemOf(
  {
    key,
    behaviour,
    cancelAfterMs,
    cancelled,
  }: Pick<StartedJob, 'behaviour' | 'cancelAfterMs' | 'cancelled' | 'key'>,
  { status, error, result }: FollowedJob,
  kills: number,
): string | undefined {
  if (cancelled === 'cancelled' && status !== 'cancelled') return `was cancelled and is ${status}`;
  if (cancelAfterMs !== undefined && status === 'cancelled') return undefined;
  // A step has one retry after a crash.
  if (error?.code === 'STEP_CRASHED' && kills >= 2) return undefined;
  const expected = behaviour === 'fail' ? 'failed' : 'completed';
  if (status !== expected || (error && error.code !== 'CHORE_FAILED'))
    return `is ${status} (${error?.code}: ${error?.message}), not ${expected}, after ${kills} kills`;
  const text = (result as { readonly text?: string } | undefined)?.text;
  // A sandbox ends after the third tick.
  const expectedText = behaviour === 'tick' ? 'told to stop' : key;
  if (status === 'completed' && text !== expectedText) return `has the result ${JSON.stringify(result)}`;
  return undefined;
}

/** @returns what ran twice, and how many steps did their work again because its end was not recorded */
export function twice(
  started: readonly StartedJob[],
  receiver: ChaosReceiver,
  executions: readonly string[],
) {
  const found: string[] = [];
  const perJob = new Map<string, number>();
  for (const name of executions) {
    const jobId = leadingJobId(name) ?? name;
    perJob.set(jobId, (perJob.get(jobId) ?? 0) + 1);
  }
  for (const [jobId, count] of perJob) if (count > 1) found.push(`${jobId} has ${count} executions`);
  const attempts = new Map<string, number>();
  for (const [key, times] of receiver.work) {
    if (times > 1) found.push(`the same attempt ended ${times} times: ${key}`);
    const step = key.split(' ').slice(0, 2).join(' ');
    attempts.set(step, (attempts.get(step) ?? 0) + 1);
  }
  const keys = Map.groupBy(
    started.filter(({ jobId }) => jobId !== undefined),
    ({ jobId }) => jobId,
  );
  for (const [jobId, jobs] of keys)
    if (jobs.length > 1) found.push(`${jobId} belongs to ${jobs.map(({ key }) => key).join(', ')}`);
  return { found, workAgain: [...attempts.values()].filter((count) => count > 1).length };
}

/** @returns the names of all executions of the operations */
export async function listExecutions(
  cloud: LocalCloud,
  assembly: string,
  operations: readonly string[],
): Promise<readonly string[]> {
  const { sfn } = awsClients(cloud);
  const names: string[] = [];
  for (const operation of operations) {
    const machine = await operationName(assembly, operation);
    const stateMachineArn = `arn:aws:states:us-east-1:000000000000:stateMachine:${machine}`;
    let nextToken: string | undefined;
    do {
      const page = await sfn.send(
        new ListExecutionsCommand({ stateMachineArn, maxResults: 1_000, nextToken }),
      );
      names.push(...(page.executions ?? []).map(({ name = '' }) => name));
      nextToken = page.nextToken;
    } while (nextToken);
  }
  sfn.destroy();
  return names;
}

/** The flooder's endpoint takes the default events, those of the others take all. */
export function missingEvents(log: ChangeLog, receiver: ChaosReceiver): string[] {
  return [...log.events]
    .filter(
      ([id, { owner, type }]) =>
        (owner !== FLOODER || DEFAULT_EVENTS.includes(type)) && !receiver.accepted.has(id),
    )
    .map(([id, { type, owner }]) => `${type} ${id} of ${owner}`);
}

export interface Waits {
  readonly flooder: Percentiles;
  readonly others: Percentiles;
  /** The 95th percentile of the others, divided by the flooder's. */
  readonly ratio: number;
}

interface Percentiles {
  readonly p50: number;
  readonly p95: number;
}

/** @returns the milliseconds from the start to the end of a job that only echoes */
export function jobWaits(started: readonly StartedJob[], log: ChangeLog): Waits {
  const echoes = started.filter(({ behaviour }) => behaviour === 'echo');
  return compare(
    echoes.flatMap(({ owner, jobId = '' }) => {
      const { createdAt, endedAt, status } = log.jobs.get(jobId) ?? {};
      if (status !== 'completed' || endedAt === undefined) return [];
      return [{ owner, delayMs: Date.parse(endedAt) - Date.parse(createdAt ?? '') }];
    }),
  );
}

/** @returns the milliseconds from an event to the first request that its receiver accepted */
export function deliveryWaits(receiver: ChaosReceiver): Waits {
  return compare([...receiver.accepted.values()]);
}

/**
 * Returns the milliseconds from an event of some jobs to its first request, accepted or not.
 * @param burst the jobs that start at once
 */
export function burstWaits(
  burst: readonly Pick<StartedJob, 'jobId'>[],
  log: ChangeLog,
  receiver: Pick<ChaosReceiver, 'arrived'>,
): Waits {
  const jobIds = new Set(burst.map(({ jobId }) => jobId));
  return compare(
    [...receiver.arrived].flatMap(([id, arrived]) => {
      const { type } = log.events.get(id) ?? {};
      // The events that all endpoints take.
      return type && DEFAULT_EVENTS.includes(type) && jobIds.has(leadingJobId(id)) ? [arrived] : [];
    }),
  );
}

/**
 * @param jobs waits of all jobs
 * @param deliveries waits of webhooks in the burst
 * @returns how the others wait longer than they may
 */
export function unfair(jobs: Waits, deliveries: Waits): string[] {
  const problem = (what: string, { ratio }: Waits, most: number) =>
    `${what} of the others waited ${ratio.toFixed(2)} times as long as the flooder's, not ${most}`;
  const isLong = deliveries.others.p95 > SHORT_WAIT_MS;
  return [
    ...(jobs.ratio > MOST_JOB_RATIO ? [problem('jobs', jobs, MOST_JOB_RATIO)] : []),
    ...(isLong && deliveries.ratio > MOST_DELIVERY_RATIO
      ? [problem('webhooks', deliveries, MOST_DELIVERY_RATIO)]
      : []),
  ];
}

/** Compares the waits of the flooder with those of the others. */
export function compare(all: readonly Wait[]): Waits {
  const of = (isFlooder: boolean) =>
    percentiles(all.filter(({ owner }) => (owner === FLOODER) === isFlooder).map(({ delayMs }) => delayMs));
  const [flooder, others] = [of(true), of(false)];
  return { flooder, others, ratio: others.p95 / Math.max(1, flooder.p95) };
}

function percentiles(values: number[]): Percentiles {
  const sorted = values.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50: at(0.5), p95: at(0.95) };
}
