/** Measures jobs of an operation's shape on the local cloud, and computes what a job of any duration, a poll and a wait use. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { StepsOperation } from '../../lambdas/definition/operation-definition.ts';
import type { Job } from '../../lambdas/jobs/job.ts';
import { JobStore } from '../../lambdas/jobs/job-store.ts';
import type { Quantities } from '../../lambdas/receipt/price-lines.ts';
import { quantitiesOf } from '../../lambdas/receipt/receipt.ts';
import { type LocalCloud, startLocalCloud } from '../../local/cloud.ts';
import { synthesizeSource } from '../../test/support/synthesize-source.ts';
import { awsClients } from '../../test/support/test-cloud.ts';
import { BenchClient } from '../client.ts';
import { addQuantities, extrapolate, type JobUse } from './extrapolate.ts';
import { usesOf } from './function-uses.ts';
import { Observer, readTemplate } from './observer.ts';
import { removeShape, writeShape } from './shape.ts';

export interface ModelOptions {
  readonly operation: StepsOperation;
  /** Time of all steps together. */
  readonly minutes: number;
  /** Whether to measure a call that waits. @default false */
  readonly waits?: boolean;
  readonly webhooks: number;
  readonly questions: number;
  readonly logLines: number;
}

/**
 * Milliseconds of each step in the two jobs. They differ by 10 s: a sandbox reports each 10 s, and other steps write their progress so
 * often, so the difference has whole numbers of both.
 */
const SHORT_MS = 1_000;
const LONG_MS = 11_000;
/** Polls that are measured one after the other. */
const POLLS = 5;
/** Seconds of the call that waits, less than the longer job takes. */
const WAITED_SECONDS = 8;
/** Share of the requests that X-Ray records, beyond one a second. */
const TRACED = 0.05;

/** What was measured. */
export interface Model {
  /** One job with its start, its webhooks and its questions. */
  readonly job: Quantities;
  /** One call of `check_job` that does not wait. */
  readonly poll: Quantities;
  /** One more second of such a call; undefined unless it was asked for. */
  readonly waitedSecond?: Quantities;
}

/** @param waitSeconds that calls wait for the job, all together. @returns what a job, its polls and the waits in them use */
export function totalOf(
  { job, poll, waitedSecond = {} }: Model,
  { polls, waitSeconds = 0 }: { readonly polls: number; readonly waitSeconds?: number },
): Quantities {
  return addQuantities([
    [job, 1],
    [poll, polls],
    [waitedSecond, waitSeconds],
  ]);
}

export async function modelOf(options: ModelOptions, scratch: string): Promise<Model> {
  const app = await writeShape(options.operation);
  try {
    await synthesizeSource(scratch, app);
  } finally {
    await removeShape(app);
  }
  const observer = new Observer();
  const cloud = await startLocalCloud({
    assemblyDirectory: scratch,
    ...observer.options,
    allowLoopbackWebhooks: true,
  });
  const receiver = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(204).end());
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  try {
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    return await measure(options, { cloud, observer, url, template: await readTemplate(scratch) });
  } finally {
    receiver.close();
    await cloud.close();
  }
}

interface Measured {
  readonly cloud: LocalCloud;
  readonly observer: Observer;
  readonly url: string;
  readonly template: Awaited<ReturnType<typeof readTemplate>>;
}

async function measure(options: ModelOptions, measured: Measured): Promise<Model> {
  const { operation, minutes, waits = false, webhooks, questions, logLines } = options;
  const { cloud, observer, url } = measured;
  const { dynamodb, s3 } = awsClients(cloud);
  await writeSource(s3, cloud);
  const jobs = new JobStore({ client: dynamodb, tableName: cloud.outputs.JobsTableName ?? '' });
  const client = await BenchClient.connect(new URL('/mcp', cloud.url));
  const steps = Object.keys(operation.steps).length;

  const run = async (stepMs: number, events: readonly string[] = [], wait_seconds = 0) => {
    await observer.settled();
    observer.reset();
    const callback = events.length > 0 && { job_options: { callback_url: url, callback_events: events } };
    const { job_id } = await client.call('start_shape', { stepMs, lines: logLines, questions, ...callback });
    if (wait_seconds > 0) await client.call('check_job', { job_id, wait_seconds });
    for (let index = 0; index < questions; index += 1) {
      await observer.settled();
      const answers = { [`question${index}`]: { action: 'accept', content: {} } };
      await client.call('answer_job', { job_id, answers });
    }
    await observer.settled();
    const { quantities: counted, ...ofReports } = useIn(measured, 1 + questions + (wait_seconds > 0 ? 1 : 0));
    const job = (await jobs.find(job_id)) as Job;
    if (job.status !== 'completed') throw new Error(`The job of the model ${job.status}: ${job.message}`);
    // The local cloud does not count units.
    const { writeUnits, s3GbMonths, transferGb } = quantitiesOf(job);
    const quantities: Quantities = { ...counted, writeUnits, s3GbMonths, transferGb };
    return { job_id, quantities, ...ofReports };
  };
  // Warms the functions up.
  await run(SHORT_MS, ['job.completed']);
  const ran = await run(SHORT_MS);
  const short = await least([() => run(SHORT_MS), () => run(SHORT_MS)], ran);
  const long = await run(LONG_MS);
  const waited = waits ? (await run(LONG_MS, [], WAITED_SECONDS)).quantities : undefined;
  const notify = () => run(SHORT_MS, ['job.completed']);
  const notified = webhooks > 0 ? await least([notify, notify]) : short;
  const poll = await countPoll(measured, client, ran.job_id);
  await client.close();
  dynamodb.destroy();
  s3.destroy();

  const stepMs = (minutes * 60_000) / steps;
  const more = (stepMs - SHORT_MS) / (LONG_MS - SHORT_MS);
  const job = addQuantities([
    [extrapolate(short, long, more), 1],
    [notified.quantities, webhooks],
    [short.quantities, -webhooks],
  ]);
  const waitedSecond =
    waited &&
    addQuantities([
      [onlyWait(waited), 1 / WAITED_SECONDS],
      [onlyWait(long.quantities), -1 / WAITED_SECONDS],
      [onlyWait(poll), -1 / WAITED_SECONDS],
    ]);
  return {
    job: { ...job, traces: TRACED },
    poll: { ...poll, traces: TRACED },
    ...(waitedSecond && { waitedSecond }),
  };
}

/** What each second of a wait takes: its function goes on, and reads the record. */
function onlyWait({ sharedGbSeconds, readUnits }: Quantities): Quantities {
  return { sharedGbSeconds, readUnits };
}

/** @returns the least of each quantity: other programs of the machine only add time */
async function least(runs: readonly (() => Promise<JobUse>)[], ...measured: JobUse[]): Promise<JobUse> {
  for (const run of runs) measured.push(await run());
  return {
    quantities: leastOf(measured.map(({ quantities }) => quantities)),
    reports: Math.min(...measured.map(({ reports }) => reports)),
    reportGbSeconds: Math.min(...measured.map(({ reportGbSeconds }) => reportGbSeconds)),
  };
}

function leastOf(all: readonly Quantities[]): Quantities {
  const names = Object.keys(all[0] ?? {}) as (keyof Quantities)[];
  return Object.fromEntries(
    names.map((name) => [name, Math.min(...all.map((quantities) => quantities[name] ?? 0))]),
  );
}

/** The file that a sandbox may read. */
async function writeSource(s3: S3Client, { outputs }: LocalCloud): Promise<void> {
  const Bucket = outputs.WorkspaceBucketName;
  await s3.send(new PutObjectCommand({ Bucket, Key: 'projects/shape', Body: 'x' }));
}

async function countPoll(measured: Measured, client: BenchClient, job_id: string): Promise<Quantities> {
  const polls: Quantities[] = [];
  for (let index = 0; index < POLLS; index += 1) {
    await measured.observer.settled();
    measured.observer.reset();
    await client.call('check_job', { job_id });
    await measured.observer.settled();
    polls.push(useIn(measured, 1).quantities);
  }
  return leastOf(polls);
}

function useIn({ observer, template }: Measured, apiRequests: number): JobUse {
  const { stepInvocations: _, reports, reportGbSeconds, ...uses } = usesOf(observer, template);
  const quantities = {
    ...uses,
    transitions: observer.calls('states:StateEntered'),
    readUnits: observer.calls('dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:BatchGetItem'),
    s3Writes: observer.calls('s3:PUT', 's3:POST'),
    s3Reads: observer.calls('s3:GET', 's3:HEAD'),
    snsMessages: observer.calls('sns:PublishBatch'),
    // Each message is received and deleted too.
    sqsRequests: 3 * observer.calls('sqs:SendMessage', 'sqs:SendMessageBatch'),
    apiRequests: apiRequests + reports,
  };
  return { quantities, reports, reportGbSeconds };
}
