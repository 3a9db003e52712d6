/** Runs jobs of several owners through faults, waits until all have ended and all events have arrived, and checks the promises. */
import { setTimeout as delay } from 'node:timers/promises';
import { GetQueueAttributesCommand, ListQueuesCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { type EventType, eventTypes } from '../../lambdas/events/event.ts';
import { type LocalCloud, startLocalCloud } from '../../local/cloud.ts';
import { awsClients, signedAs } from '../support/test-cloud.ts';
import { Caller } from './caller.ts';
import { causeFaults, type FaultShares } from './cause-faults.ts';
import { ChangeLog } from './change-log.ts';
import { Patience } from './patience.ts';
import { FLOODER, ownersOf, planJobs } from './plan.ts';
import {
  burstWaits,
  deliveryWaits,
  jobWaits,
  listExecutions,
  lostAndStuck,
  missingEvents,
  type StartedJob,
  twice,
  unfair,
} from './promises.ts';
import { ChaosReceiver } from './receiver.ts';
import { seeded } from './seeded.ts';

export interface ChaosOptions extends FaultShares {
  readonly jobs: number;
  /** Jobs that start at once. */
  readonly burst: number;
  /** Open jobs after the burst. */
  readonly inFlight: number;
  /** The share of requests that fail at the receivers, 0..1. */
  readonly failing: number;
  /** How long SQS hides the messages of a killed function. On AWS it is six times the timeout of the function: minutes. */
  readonly hiddenSeconds: number;
  /** Whether some callers never repeat a start. The reconciler starts such a job within five minutes. */
  readonly abandons: boolean;
  /** When to stop waiting, after the last sign of life. */
  readonly patienceMs: number;
  readonly assemblyDirectory: string;
  /** Receives a line now and then. @default nobody */
  readonly onProgress?: (line: string) => void;
}

export interface ChaosOutcome {
  /** Broken promises, by name: each lists its cases. */
  readonly broken: Readonly<Record<string, readonly string[]>>;
  readonly figures: Readonly<Record<string, number | string>>;
}

/** Of progress, and of RSS: every tenth of the jobs. */
const REPORTS = 10;
/** Of RSS after the first four tenths: the tables are in memory, and keep a job, its deliveries and their index entries. */
const MOST_GROWTH_KB_PER_JOB = 64;
/** Of memory and of waits. With fewer jobs, functions still warm up, and the other owners have too few. */
const FEWEST_MEASURED = 5_000;

/** Runs chaos on a cloud of its own. */
export async function runChaos(options: ChaosOptions): Promise<ChaosOutcome> {
  const log = new ChangeLog(ownersOf(options.jobs));
  const cloud = await startLocalCloud({
    assemblyDirectory: options.assemblyDirectory,
    allowLoopbackWebhooks: true,
    onTableChange: (record) => log.add(record),
  });
  try {
    return await runOn(cloud, log, options);
  } finally {
    await cloud.close();
  }
}

/** @param log receives the changes of the cloud's jobs table */
async function runOn(cloud: LocalCloud, log: ChangeLog, options: ChaosOptions): Promise<ChaosOutcome> {
  const { jobs, burst, seed, inFlight, patienceMs, onProgress = () => {} } = options;
  const startedAt = performance.now();
  const seconds = () => Math.round((performance.now() - startedAt) / 1000);
  await hideMessagesBriefly(cloud, options.hiddenSeconds);
  const receiver = await ChaosReceiver.start({
    failing: options.failing,
    random: seeded(seed, 'receiver'),
    slow: { owner: FLOODER, requests: burst },
  });
  const owners = ownersOf(jobs);
  for (const owner of owners)
    receiver.secrets.set(
      owner,
      await register(cloud, owner, receiver.url(owner), owner === FLOODER ? undefined : eventTypes),
    );
  const caller = new Caller(cloud);
  const faults = causeFaults(cloud, options);
  const started: StartedJob[] = planJobs(jobs, burst, seed, options.abandons).map((job) => ({ ...job }));
  const rssMb: number[] = [];
  const report = () => {
    const rss = Math.round(process.memoryUsage.rss() / 1e6);
    onProgress(
      `${seconds()} s: ${log.jobs.size} jobs, ${log.ended} ended, ${receiver.accepted.size} of ${log.events.size} events, ` +
        `${faults.counts.killed} kills, ${faults.counts.throttledTables + faults.counts.throttledExecutions} throttles, RSS ${rss} MB`,
    );
  };

  const background = new Set<Promise<unknown>>();
  const inBackground = (job: StartedJob, work: Promise<unknown>) => {
    const settled = work
      .catch((error: Error) => {
        job.failure = error.message;
      })
      .finally(() => background.delete(settled));
    background.add(settled);
  };
  const byKey = new Map(started.map((job) => [job.key, job]));
  const answering = new Set<string>();
  const answer = async ({ owner, key }: StartedJob, jobId: string) => {
    const { error } = await caller.call(owner, 'answer_job', { job_id: jobId, answers: { text: key } });
    // It was cancelled, or a lost response was a success.
    if (error && log.jobs.get(jobId)?.status === 'input_required') throw new Error(JSON.stringify(error));
  };
  log.onChange(({ jobId, status, input }) => {
    if (status !== 'input_required' || answering.has(jobId)) return;
    answering.add(jobId);
    const { text } = input as { readonly text: string };
    const job = byKey.get(text);
    if (job) inBackground(job, answer(job, jobId));
  });

  const start = async (job: StartedJob) => {
    const { key, owner, operation, behaviour } = job;
    const options = { job_options: { idempotency_key: key } };
    const url = receiver.url(operation === 'confined' ? `ticks/${key}` : 'work');
    const args = operation === 'echo' ? { text: key } : { text: key, behaviour, url };
    const send = () =>
      caller.call(owner, `start_${operation}`, { ...args, ...options }, job.isAbandoned ? 1 : undefined);
    try {
      const [first, second] = await Promise.all([
        send(),
        job.isDoubled && !job.isAbandoned ? send() : undefined,
      ]);
      if (typeof first.job_id !== 'string') throw new Error(JSON.stringify(first));
      if (second && second.job_id !== first.job_id) throw new Error(`${first.job_id} and ${second.job_id}`);
      job.jobId = first.job_id;
    } catch (error) {
      if (!job.isAbandoned) job.failure = (error as Error).message;
      return;
    }
    if (job.cancelAfterMs === undefined) return;
    inBackground(
      job,
      delay(job.cancelAfterMs).then(async () => {
        const { status } = await caller.call(owner, 'cancel_job', { job_id: job.jobId });
        job.cancelled = status;
      }),
    );
  };

  onProgress(`Seed ${seed}: ${jobs} jobs of ${owners.length} owners, ${burst} at once.`);
  let next = burst;
  let reported = 0;
  const reporting = setInterval(() => {
    const done = Math.floor((log.ended / jobs) * REPORTS);
    if (done > reported) {
      reported = done;
      // Garbage that nobody has collected yet is not growth. `npm run chaos` exposes the collector.
      globalThis.gc?.();
      rssMb.push(Math.round(process.memoryUsage.rss() / 1e6));
      report();
    }
  }, 250);
  const patience = new Patience(() => `${log.jobs.size} ${log.ended} ${receiver.accepted.size}`, patienceMs);
  const bursting = Promise.all(started.slice(0, burst).map(start));
  const starting = new Set<Promise<void>>();
  const mayStart = () => log.jobs.size - log.ended + starting.size < inFlight && next <= burst + log.ended;
  for (const job of started.slice(burst)) {
    if (!(await patience.until(mayStart, 5))) break;
    next += 1;
    const one = start(job).finally(() => starting.delete(one));
    starting.add(one);
  }
  await Promise.all([bursting, ...starting]);
  await Promise.all(background);
  onProgress(`${seconds()} s: ${next} starts are made.`);
  const startsSeconds = seconds();

  // The faults go on: what is under way meets them too.
  await patience.until(() => log.open().length + missingEvents(log, receiver).length === 0, 250);
  clearInterval(reporting);
  await Promise.all(background);
  report();
  faults.end();

  const { lost, wrong, stuck } = lostAndStuck(started.slice(0, next), log, faults.counts.killsOfJob);
  const executions = await listExecutions(cloud, options.assemblyDirectory, ['echo', 'chore', 'confined']);
  const { found, workAgain } = twice(started, receiver, executions);
  const jobsWait = jobWaits(started, log);
  const deliveriesWait = deliveryWaits(receiver);
  const burstWait = burstWaits(started.slice(0, burst), log, receiver);
  const deadLetters = await countDeadLetters(cloud);
  const [warm = 0, last = 0] = [rssMb[3], rssMb.at(-1)];
  const growthKb = ((last - warm) * 1000) / (jobs * 0.6);
  const { killsOfJob, ...counts } = faults.counts;
  const broken = {
    lost,
    stuck,
    'not started': next < jobs ? [`${jobs - next} jobs: nothing moved while the others were open`] : [],
    'ended wrongly': wrong,
    twice: found,
    'not allowed': log.broken,
    'event not delivered': missingEvents(log, receiver),
    'delivered wrongly': receiver.broken,
    'dead letter': deadLetters,
    unfair: jobs >= FEWEST_MEASURED ? unfair(jobsWait, burstWait) : [],
    memory:
      jobs >= FEWEST_MEASURED && growthKb > MOST_GROWTH_KB_PER_JOB
        ? [`it grew ${Math.round(growthKb)} KB a job: ${rssMb.join(', ')} MB`]
        : [],
  };
  receiver.close();
  return {
    broken: Object.fromEntries(Object.entries(broken).filter(([, cases]) => cases.length > 0)),
    figures: {
      seed,
      seconds: seconds(),
      'CPU seconds': Math.round((process.cpuUsage().user + process.cpuUsage().system) / 1e6),
      'seconds until all starts were accepted': startsSeconds,
      jobs: log.jobs.size,
      ...Object.fromEntries(
        [
          ...Map.groupBy(log.jobs.values(), ({ status, error }) => [status, error?.code].join(' ').trim()),
        ].map(([status, list]) => [status, list.length]),
      ),
      executions: executions.length,
      'calls repeated by callers': caller.repeated,
      ...counts,
      'steps that worked again': workAgain,
      events: log.events.size,
      'webhook requests': receiver.requests,
      'failed on purpose': receiver.failed,
      'received again': receiver.repeated,
      'echo, start to end, flooder p50 / p95 ms': `${jobsWait.flooder.p50} / ${jobsWait.flooder.p95}`,
      'echo, start to end, others p50 / p95 ms': `${jobsWait.others.p50} / ${jobsWait.others.p95}`,
      'event to receiver, flooder p50 / p95 ms': `${deliveriesWait.flooder.p50} / ${deliveriesWait.flooder.p95}`,
      'event to receiver, others p50 / p95 ms': `${deliveriesWait.others.p50} / ${deliveriesWait.others.p95}`,
      'burst, event to first request, flooder p50 / p95 ms': `${burstWait.flooder.p50} / ${burstWait.flooder.p95}`,
      'burst, event to first request, others p50 / p95 ms': `${burstWait.others.p50} / ${burstWait.others.p95}`,
      'RSS in MB at each tenth': rssMb.join(' '),
      'RSS growth in KB a job': Math.round(growthKb),
    },
  };
}

/** @returns the secret */
async function register(
  { url }: LocalCloud,
  owner: string,
  endpointUrl: string,
  events?: readonly EventType[],
): Promise<string> {
  const response = await fetch(new URL('/endpoints', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: signedAs(owner) },
    body: JSON.stringify({ url: endpointUrl, events }),
  });
  if (response.status !== 201) throw new Error(`Registering was answered with ${response.status}.`);
  const { secret } = (await response.json()) as { readonly secret: string };
  return secret;
}

async function queuesOf(cloud: LocalCloud) {
  const { sqs } = awsClients(cloud);
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
  const [deadLetters = [], queues = []] = [true, false].map((isDead) =>
    QueueUrls.filter((url) => url.includes('DeadLetters') === isDead),
  );
  if (deadLetters.length < 2)
    throw new Error(`There are ${deadLetters.length} dead-letter queues, not two or more.`);
  return { sqs, deadLetters, queues };
}

async function hideMessagesBriefly(cloud: LocalCloud, seconds: number): Promise<void> {
  const { sqs, queues } = await queuesOf(cloud);
  const Attributes = { VisibilityTimeout: String(seconds) };
  for (const QueueUrl of queues) await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));
  sqs.destroy();
}

async function countDeadLetters(cloud: LocalCloud): Promise<string[]> {
  const { sqs, deadLetters } = await queuesOf(cloud);
  const found: string[] = [];
  for (const QueueUrl of deadLetters) {
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
    );
    const count =
      Number(Attributes.ApproximateNumberOfMessages) +
      Number(Attributes.ApproximateNumberOfMessagesNotVisible);
    if (count > 0) found.push(`${count} in ${QueueUrl.split('/').at(-1)}`);
  }
  sqs.destroy();
  return found;
}
