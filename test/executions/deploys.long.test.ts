/** Deploys a second version of a catalogue while jobs run and while they wait for answers: `docs/guides/upgrading.md` rests on it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { Client } from '@modelcontextprotocol/client';
import { type LocalCloud, startLocalCloud } from '../../local/cloud.ts';
import { synthesizeSource } from '../support/synthesize-source.ts';
import { awsClients, call, connect, untilStep } from '../support/test-cloud.ts';

const FIRST = 'by the first deploy';

let directory: string;
let cloud: LocalCloud;
let client: Client;
/** Jobs that began before the deploy. */
let jobs: Readonly<Record<'running' | 'asking' | 'sandboxed' | 'removed', string>>;

const log: string[] = [];

async function start(operation: string, args: object = {}): Promise<string> {
  const { data } = await call(client, `start_${operation}`, { ...args });
  return data.job_id;
}

async function check(jobId: string) {
  return call(client, 'check_job', { job_id: jobId, wait_seconds: 30 });
}

async function untilAsked(jobId: string): Promise<void> {
  while ((await call(client, 'check_job', { job_id: jobId })).data.status !== 'input_required')
    await delay(20);
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'deploys-'));
  const assemblyDirectory = await synthesizeSource(join(directory, 'first'), 'test/fixtures/deploys/app.ts');
  cloud = await startLocalCloud({ assemblyDirectory, onLog: (name, line) => log.push(`${name} ${line}`) });
  client = await connect(cloud, { owner: 'ada' });
  jobs = {
    running: await start('order'),
    asking: await start('order', { ask: true }),
    sandboxed: await start('label'),
    removed: await start('gift'),
  };
  await untilStep(cloud, jobs.running, ['pay']);
  await untilStep(cloud, jobs.sandboxed, ['draw']);
  await untilAsked(jobs.asking);
  await untilAsked(jobs.removed);
  await cloud.update(join(assemblyDirectory, 'second'));
  const { s3 } = awsClients(cloud);
  await s3.send(
    new PutObjectCommand({ Bucket: cloud.outputs.WorkspaceBucketName, Key: 'release', Body: 'go' }),
  );
  s3.destroy();
});
afterAll(async () => {
  await client?.close();
  await cloud?.close();
  await rm(directory, { recursive: true, force: true });
});

test('a running job ends with the steps that it began with', async () => {
  const { data, text } = await check(jobs.running);
  expect(data).toMatchObject({ status: 'completed', progress: 1 });
  expect(data.result).toEqual({ shipped: true, paid: FIRST });
  // The definition of the second deploy cannot describe it.
  expect(text).toContain(FIRST);
});

test('a job that waits for an answer resumes with the steps that it began with', async () => {
  await call(client, 'answer_job', {
    job_id: jobs.asking,
    answers: { go: { action: 'accept', content: { yes: true } } },
  });
  const { data } = await check(jobs.asking);
  expect(data).toMatchObject({ status: 'completed', result: { shipped: true, paid: FIRST } });
});

test('a job in a sandbox ends in the sandbox that it began in, also when its operation is retired', async () => {
  expect((await check(jobs.sandboxed)).data).toMatchObject({
    status: 'completed',
    result: { printed: FIRST },
  });
});

test('an open job of a removed operation fails with OPERATION_REMOVED', async () => {
  const { data } = await check(jobs.removed);
  expect(data).toMatchObject({ status: 'failed', error: { code: 'OPERATION_REMOVED', retryable: false } });
});

test('jobs of a retired or removed operation cannot be retried', async () => {
  for (const job_id of [jobs.removed, jobs.sandboxed]) {
    const { data } = await call(client, 'retry_job', { job_id });
    expect(data.error).toMatchObject({ code: 'OPERATION_REMOVED', retryable: false });
  }
});

test('a new job runs the new steps', async () => {
  const { data, text } = await check(await start('order'));
  expect(data).toMatchObject({ status: 'completed', result: { parcel: 'by the second deploy' } });
  expect(text).toContain('BY THE SECOND DEPLOY');
});

test('a retired or removed operation has no tool', async () => {
  const { tools } = await client.listTools();
  const names = tools.map(({ name }) => name).filter((name) => name.startsWith('start_'));
  expect(names).toEqual(['start_order']);
});
