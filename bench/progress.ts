/** Measures the writes and reads of a chatty build of two minutes, while nobody looks and while somebody does. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { defineOperation } from '../lambdas/definition/define-operation.ts';
import type { FinishedStep } from '../lambdas/definition/finished-step.ts';
import type { Step } from '../lambdas/definition/step-context.ts';
import { JobStore } from '../lambdas/jobs/job-store.ts';
import { createStepRunner, type StepRunnerOptions } from '../lambdas/runner/run-step.ts';
import { log } from '../lambdas/shared/observability/log.ts';
import { startJobsTable, TABLE_NAME } from '../test/support/jobs-table.ts';
import { type Row, row } from './measure.ts';

/** The build runs fifty times faster, and so does its heartbeat. */
const SCALE = 50;
const HEARTBEAT_MS = 2_000 / SCALE;
/** Seconds of its steps. */
const STEPS = { install: 30, compile: 30, test: 45, package: 15 };
/** The goal, with the creation and the end. */
const WRITES_LIMIT = 20;
/** Writes every two seconds, and the write of the look. */
const WATCHED_WRITES_LIMIT = 65;

const build = defineOperation({
  name: 'chatty',
  title: 'Chatty',
  description: 'Prints all the time.',
  input: z.object({}),
  output: z.looseObject({}),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  execution: { mode: 'job', maxWaitMs: 1_000 },
  steps: Object.fromEntries(Object.keys(STEPS).map((name) => [name, { timeoutMs: 60_000 }])),
});

export async function progressCost(): Promise<readonly Row[]> {
  log.setLogLevel('SILENT');
  const { client, close } = await startJobsTable();
  const counts: Record<string, number> = {};
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      (args) => {
        counts[commandName] = (counts[commandName] ?? 0) + 1;
        return next(args);
      },
    { step: 'initialize' },
  );
  const jobs = new JobStore({ client, tableName: TABLE_NAME });
  try {
    await runBuild(jobs, false);
    const { PutItemCommand: puts = 0, UpdateItemCommand: updates = 0, GetItemCommand: reads = 0 } = counts;
    await runBuild(jobs, true);
    const watched = (counts.PutItemCommand ?? 0) + (counts.UpdateItemCommand ?? 0) - puts - updates;
    const what = 'chatty build of two minutes';
    return [
      row(`${what}, nobody looks: writes of its record`, puts + updates, 'writes', WRITES_LIMIT),
      row(`${what}, nobody looks: reads of its record by the runner`, reads, 'reads', 60),
      row(`${what}, somebody looks: writes of its record`, watched, 'writes', WATCHED_WRITES_LIMIT),
    ];
  } finally {
    await close();
  }
}

/** Runs the steps one after the other, as the state machine does. @param isWatched whether somebody looks from the start */
async function runBuild(jobs: JobStore, isWatched: boolean): Promise<void> {
  const { job } = await jobs.create({
    jobId: randomUUID(),
    owner: 'bench',
    operation: build.name,
    input: {},
    inputHash: '',
    retentionSeconds: 60,
    longestRunMs: 60_000,
  });
  const { jobId, owner } = job;
  const work =
    (seconds: number): Step =>
    async ({ progress }) => {
      if (isWatched) await jobs.watchSubscribed((await jobs.find(jobId)) ?? job);
      const beganMs = performance.now();
      for (let share = 0; share < 1; share = ((performance.now() - beganMs) * SCALE) / 1_000 / seconds) {
        progress(share, `${Math.round(100 * share)} %`);
        await delay(HEARTBEAT_MS / 10);
      }
      return {};
    };
  const run = createStepRunner({
    operation: build,
    steps: Object.fromEntries(Object.entries(STEPS).map(([name, seconds]) => [name, work(seconds)])),
    jobs,
    // The steps print nothing, so nothing is stored.
    workspace: {} as StepRunnerOptions['workspace'],
    heartbeatMs: HEARTBEAT_MS,
  });
  const finished: Record<string, FinishedStep> = {};
  for (const step of Object.keys(STEPS)) {
    const result = await run(
      { step, jobId, owner, input: {}, finished, attempt: 0 },
      { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => 900_000 },
    );
    if (result) finished[step] = result;
  }
}
