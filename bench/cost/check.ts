/** Compares the receipts of 100 jobs of all kinds with the calls that the local cloud has counted. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { isTerminal, type Job, JobStatus } from '../../lambdas/jobs/job.ts';
import { JobStore } from '../../lambdas/jobs/job-store.ts';
import type { Quantities } from '../../lambdas/receipt/price-lines.ts';
import { quantitiesOf, refusedWritesOf } from '../../lambdas/receipt/receipt.ts';
import { sumUsage } from '../../lambdas/shared/usage.ts';
import { startLocalCloud } from '../../local/cloud.ts';
import { synthesizeSource } from '../../test/support/synthesize-source.ts';
import { awsClients } from '../../test/support/test-cloud.ts';
import { BenchClient } from '../client.ts';
import { usesOf } from './function-uses.ts';
import { Observer, readTemplate } from './observer.ts';

type Args = Readonly<Record<string, unknown>>;

/** Jobs that run at once: more would wait for instances, and the local cloud counts that time. */
const AT_ONCE = 2;
const POLL_MS = 100;
/** Requests of a sandbox that calls every 100 ms until it gets 204: some six seconds. */
const TICKS = 60;

const probe = (behaviour: string): readonly [string, Args] => ['start_probe', { behaviour }];

/** Steps, failed attempts, crashes, questions, webhooks, logs, large results and sandboxes. */
function mixedJobs(callback_url: string): readonly (readonly [string, Args])[] {
  const kinds: readonly (readonly [number, readonly [string, Args]])[] = [
    [25, ['start_four_steps', {}]],
    [10, ['start_four_steps', { job_options: { callback_url } }]],
    [10, probe('fail')],
    [8, probe('fail_twice')],
    [4, probe('crash_once')],
    [4, probe('outlive_the_limit')],
    [3, probe('hang')],
    [10, probe('large_result')],
    [10, ['start_ask', {}]],
    [14, ['start_confined', { behaviour: 'copy' }]],
    [2, ['start_confined', { behaviour: 'tick', url: `${callback_url}tick` }]],
  ];
  return kinds.flatMap(([count, job]) => Array.from({ length: count }, () => job));
}

export interface Comparison {
  readonly what: string;
  readonly counted: number;
  readonly receipts: number;
  /** Whether the two must agree within 5 %. */
  readonly isChecked: boolean;
}

/** @param scratch directory for the assembly */
export async function compareReceipts(scratch: string): Promise<readonly Comparison[]> {
  const assemblyDirectory = await synthesizeSource(scratch, 'test/fixtures/app.ts');
  const observer = new Observer();
  let attempts = 0;
  let ticks = 0;
  const receiver = createServer((request, response) => {
    const isTick = request.url?.startsWith('/tick') === true;
    if (isTick) ticks += 1;
    else attempts += 1;
    const status = isTick && ticks % TICKS !== 0 ? 200 : 204;
    request.resume().on('end', () => response.writeHead(status).end());
  });
  const cloud = await startLocalCloud({
    assemblyDirectory,
    ...observer.options,
    allowLoopbackWebhooks: true,
  });
  const { dynamodb, s3 } = awsClients(cloud);
  try {
    const source = {
      Bucket: cloud.outputs.WorkspaceBucketName,
      Key: 'projects/original.txt',
      Body: 'original',
    };
    await s3.send(new PutObjectCommand(source));
    let ownReads = 0;
    const jobs = new JobStore({ client: dynamodb, tableName: cloud.outputs.JobsTableName ?? '' });
    const read = async (jobId: string): Promise<Job | undefined> => {
      ownReads += 1;
      return jobs.find(jobId);
    };
    receiver.listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    const client = await BenchClient.connect(new URL('/mcp', cloud.url));
    const run = async ([tool, args]: readonly [string, Args]): Promise<Job> => {
      const { job_id } = await client.call(tool, args);
      for (let answered = false; ; await delay(POLL_MS)) {
        const job = await read(job_id);
        if (job && isTerminal(job.status)) return job;
        if (job?.status !== JobStatus.inputRequired || answered) continue;
        answered = true;
        const content = (fields: object) => ({ action: 'accept', content: fields });
        const answers = { approve: content({ approve: true }), paint: content({ colour: 'red' }) };
        await client.call('answer_job', { job_id, answers });
      }
    };
    // Warms the functions up.
    const kinds = mixedJobs(url);
    for (const job of new Map(kinds.map((kind) => [JSON.stringify(kind), kind])).values()) await run(job);
    await observer.settled();
    observer.reset();
    ownReads = 0;
    attempts = 0;

    const queue = [...kinds];
    const ended: Job[] = [];
    const work = async () => {
      for (let next = queue.shift(); next; next = queue.shift()) ended.push(await run(next));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    await observer.settled();
    await client.close();
    return compare(ended, { observer, ownReads, attempts, template: await readTemplate(assemblyDirectory) });
  } finally {
    receiver.close();
    dynamodb.destroy();
    s3.destroy();
    await cloud.close();
  }
}

interface Observed {
  readonly observer: Observer;
  readonly ownReads: number;
  readonly attempts: number;
  readonly template: Awaited<ReturnType<typeof readTemplate>>;
}

function compare(
  jobs: readonly Job[],
  { observer, ownReads, attempts, template }: Observed,
): readonly Comparison[] {
  const receipts = jobs.map(quantitiesOf);
  const sum = (name: keyof Quantities) => receipts.reduce((total, each) => total + (each[name] ?? 0), 0);
  const { stepGbSeconds, sandboxGbSeconds, sharedGbSeconds, invocations, stepInvocations } = usesOf(
    observer,
    template,
  );
  const row = (what: string, counted: number, inReceipts: number, isChecked = true): Comparison => ({
    what,
    counted,
    receipts: inReceipts,
    isChecked,
  });
  const writes = jobs.reduce((total, job) => total + job.version + refusedWritesOf(job), 0);
  const ofSteps = jobs
    .map(({ stepUsage, used }) => sumUsage([stepUsage, used]))
    .reduce(
      (total, { attempts = 0, waits = 0, sandboxes = 0 }) => total + attempts + waits + 2 * sandboxes,
      0,
    );
  // A delivery is recorded before and after its attempt, and takes and frees a slot.
  const webhooks = sum('sqsRequests') / 3;
  // The start makes two queries of half a unit each.
  const reads = sum('readUnits') + jobs.length;
  return [
    row('Lambda: function of the steps, GB-seconds', stepGbSeconds, sum('stepGbSeconds')),
    row('Lambda: sandbox, GB-seconds', sandboxGbSeconds, sum('sandboxGbSeconds')),
    row('Lambda: shared functions, GB-seconds', sharedGbSeconds, sum('sharedGbSeconds'), false),
    row('Lambda: invocations of steps and sandboxes', stepInvocations, ofSteps),
    row(
      'Lambda: invocations of shared functions',
      invocations - stepInvocations,
      sum('invocations') - ofSteps,
      false,
    ),
    row('Step Functions: transitions', observer.calls('states:StateEntered'), sum('transitions')),
    row('DynamoDB: writes', observer.calls('dynamodb:PutItem', 'dynamodb:UpdateItem'), writes + 4 * webhooks),
    row(
      'DynamoDB: reads',
      observer.calls('dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:BatchGetItem') - ownReads,
      reads,
    ),
    row('S3: requests', observer.calls('s3:PUT', 's3:GET', 's3:HEAD'), sum('s3Writes') + sum('s3Reads')),
    row('SNS: calls to publish, and events', observer.calls('sns:PublishBatch'), sum('snsMessages'), false),
    row('SQS: messages sent', observer.calls('sqs:SendMessage', 'sqs:SendMessageBatch'), webhooks),
    row('Webhook attempts', attempts, webhooks),
  ];
}
