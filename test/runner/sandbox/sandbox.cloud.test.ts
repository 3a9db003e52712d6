/** Code that is not ours runs with nothing: what it may try through the real endpoint, and what comes of it. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Client } from '@modelcontextprotocol/client';
import type { LocalCloud } from '../../../local/cloud.ts';
import { arn } from '../../../local/shared/aws-names.ts';
import { readAssembly } from '../../../local/template/assembly.ts';
import { assemblies } from '../../support/assemblies.ts';
import { operationName } from '../../support/operation-name.ts';
import { sharedCloud } from '../../support/shared-cloud.ts';
import { awsClients, call, connect } from '../../support/test-cloud.ts';

let cloud: LocalCloud;
let client: Client;
let s3: S3Client;

beforeAll(async () => {
  cloud = await sharedCloud();
  client = await connect(cloud);
  ({ s3 } = awsClients(cloud));
});
afterAll(async () => {
  s3.destroy();
  await client.close();
});

const start = (behaviour: string, more: object = {}, by = client) =>
  call(by, 'start_confined', { behaviour, wait_seconds: 20, ...more });

const put = (Key: string, Body: string) =>
  s3.send(new PutObjectCommand({ Bucket: cloud.outputs.WorkspaceBucketName, Key, Body }));

async function read(Key: string): Promise<string | undefined> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: cloud.outputs.WorkspaceBucketName, Key }));
  return Body?.transformToString();
}

/** Waits until a sandbox runs the step of a job. */
async function begun(jobId: string, attempts = 1): Promise<void> {
  for (;;) {
    const { data } = await call(client, 'check_job', { job_id: jobId, include: ['timeline'] });
    if (data.timeline.steps[0].attempts?.length >= attempts) return;
    await delay(300);
  }
}

/** Logical ids are the names of functions here. */
async function functionName(part: RegExp): Promise<string> {
  const { template } = await readAssembly(assemblies.test);
  const found = Object.entries(template.Resources).find(
    ([id, { Type }]) => Type === 'AWS::Lambda::Function' && part.test(id),
  );
  return found?.[0] ?? '';
}

/** Hears what code in the sandbox calls out. */
class Ticks {
  readonly #server: Server;
  /** The attempt that is told to stop. */
  stopped: string | undefined;
  readonly heard: { readonly attempt: string; readonly at: number }[] = [];

  private constructor() {
    this.#server = createServer((request, response) => {
      const attempt = new URL(request.url ?? '/', 'http://localhost').searchParams.get('attempt') ?? '';
      this.heard.push({ attempt, at: Date.now() });
      response.writeHead(attempt === this.stopped ? 204 : 200).end();
    });
  }

  static async listen(): Promise<Ticks> {
    const ticks = new Ticks();
    ticks.#server.listen(0, '127.0.0.1');
    await once(ticks.#server, 'listening');
    return ticks;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async from(attempt: string): Promise<void> {
    while (!this.heard.some((tick) => tick.attempt === attempt)) await delay(20);
  }

  /** Milliseconds after which an attempt is heard no more, from now. */
  async silenceOf(attempt: string): Promise<number> {
    const from = Date.now();
    for (;;) {
      await delay(1_000);
      const last = this.heard.filter((tick) => tick.attempt === attempt).at(-1)?.at ?? from;
      if (Date.now() - last >= 1_000) return Math.max(0, last - from);
    }
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

let ticks: Ticks;
beforeEach(async () => {
  ticks = await Ticks.listen();
});
afterEach(() => ticks.close());

test('the files it was given URLs for are read and written, and its log is on record', async () => {
  await put('projects/original.txt', 'original');
  const { data } = await start('copy');
  expect(data).toMatchObject({ status: 'completed', result: { key: `work/${data.job_id}/copy.txt` } });
  expect(await read(data.result.key)).toBe('original');
  // Without the bell.
  expect(await read(`logs/${data.job_id}/act.log`)).toBe('copied original\n');
  expect(data.files).toMatchObject([{ name: 'copy' }]);
});

test('its credentials are refused by every service', async () => {
  const { data } = await start('reveal');
  const environment = JSON.parse(data.result.text);
  const credentials = {
    accessKeyId: environment.AWS_ACCESS_KEY_ID,
    secretAccessKey: environment.AWS_SECRET_ACCESS_KEY,
    sessionToken: environment.AWS_SESSION_TOKEN,
  };
  // They are there, as Lambda puts them there, and they are known.
  expect(credentials.accessKeyId).toMatch(/Sandbox/);
  const options = (service: string) => ({
    region: 'us-east-1',
    credentials,
    endpoint: cloud.environment[`AWS_ENDPOINT_URL_${service}`],
    maxAttempts: 1,
  });
  const { JobsTableName, WorkspaceBucketName, EventsTopicArn = '', DeliveryQueueArn = '' } = cloud.outputs;
  const storage = new S3Client(options('S3'));
  const QueueUrl = `${cloud.environment.AWS_ENDPOINT_URL_SQS}/000000000000/${DeliveryQueueArn.split(':').at(-1)}`;
  const tries = {
    scan: new DynamoDBClient(options('DYNAMODB')).send(new ScanCommand({ TableName: JobsTableName })),
    read: storage.send(new GetObjectCommand({ Bucket: WorkspaceBucketName, Key: 'projects/original.txt' })),
    write: storage.send(new PutObjectCommand({ Bucket: WorkspaceBucketName, Key: 'x', Body: 'x' })),
    start: new SFNClient(options('SFN')).send(
      new StartExecutionCommand({ stateMachineArn: arn('states', 'stateMachine:x') }),
    ),
    send: new SQSClient(options('SQS')).send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' })),
    publish: new SNSClient(options('SNS')).send(
      new PublishCommand({ TopicArn: EventsTopicArn, Message: 'x' }),
    ),
    secret: new SecretsManagerClient(options('SECRETS_MANAGER')).send(
      new GetSecretValueCommand({ SecretId: 'x' }),
    ),
    invoke: new LambdaClient(options('LAMBDA')).send(
      new InvokeCommand({ FunctionName: await operationName(assemblies.test, 'confined') }),
    ),
  };
  const outcomes = await Promise.allSettled(Object.values(tries));
  const names = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.name : 'allowed'));
  expect(Object.fromEntries(Object.keys(tries).map((name, index) => [name, names[index]]))).toEqual({
    scan: 'AccessDeniedException',
    read: 'AccessDenied',
    write: 'AccessDenied',
    start: 'AccessDeniedException',
    send: expect.stringMatching(/AccessDenied/),
    publish: 'AuthorizationErrorException',
    secret: 'AccessDeniedException',
    invoke: 'AccessDeniedException',
  });
});

test('its environment names nothing of ours', async () => {
  const { data } = await start('reveal');
  const { JobsTableName = '', WorkspaceBucketName = '' } = cloud.outputs;
  expect(data.result.text).not.toContain(JobsTableName);
  expect(data.result.text).not.toContain(WorkspaceBucketName);
});

test('its role has its own log and nothing else', () => {
  const roles = cloud.permissions().filter(({ role }) => role.includes('Sandbox'));
  expect(roles.length).toBeGreaterThan(0);
  for (const { granted } of roles) {
    const actions = new Set(granted.map(({ action }) => action));
    expect([...actions]).toEqual(['logs:CreateLogStream', 'logs:PutLogEvents']);
  }
});

test('a result that names a file of somebody else is no result', async () => {
  const { data } = await start('name_a_foreign_file');
  expect(data).toMatchObject({ status: 'failed', error: { code: 'RESULT_INVALID' } });
});

test('a file that the operation does not name has no URL', async () => {
  const { data } = await start('read_a_foreign_file');
  expect(data).toMatchObject({ status: 'failed', error: { code: 'INTERNAL_ERROR' } });
});

test('what answers in its place and makes no sense fails the job', async () => {
  const { data } = await start('answer_garbage');
  expect(data).toMatchObject({ status: 'failed', error: { code: 'STEP_CRASHED', step: 'act' } });
  // The instance is its owner's own, and is not used again by the tests that follow.
  cloud.interrupt(await functionName(/^confinedSandbox/));
});

test('an owner meets its own instance again, and never that of another', async () => {
  const [ada, bob] = [await connect(cloud, { owner: 'ada' }), await connect(cloud, { owner: 'bob' })];
  const count = async (by: Client) => (await start('count', {}, by)).data.result.text;
  expect([await count(ada), await count(ada), await count(bob), await count(ada), await count(bob)]).toEqual([
    '1',
    '2',
    '1',
    '3',
    '2',
  ]);
  await ada.close();
  await bob.close();
});

test('a process that a step leaves behind has ended before its result arrives', async () => {
  const { data } = await start('leave_process');
  expect(data).toMatchObject({ status: 'completed', result: { text: expect.stringMatching(/^\d+$/) } });
  // A killed process stays a zombie until its parent, this process, reads its status.
  const state = await readFile(`/proc/${data.result.text}/stat`, 'utf8').catch(() => ') Z');
  expect(state).toMatch(/\) Z/);
});

/** Starts a job whose sandbox dies in its attempts, and lets Step Functions notice: a heartbeat has 45 s. */
async function startDying(behaviour: string, deaths: number) {
  const { data } = await start(behaviour, { wait_seconds: 0 });
  for (let attempt = 1; attempt <= deaths; attempt += 1) {
    await begun(data.job_id, attempt);
    await delay(300);
    expect(cloud.expireHeartbeats()).toBe(1);
  }
  return call(client, 'check_job', { job_id: data.job_id, wait_seconds: 20 });
}

test('a sandbox that dies once is tried once more, and its job completes', async () => {
  const { data } = await startDying('crash_once', 1);
  expect(data).toMatchObject({ status: 'completed', result: { attempt: 1 } });
});

test('a sandbox that dies each time fails the job', async () => {
  const { data } = await startDying('crash_always', 2);
  const error = { code: 'STEP_CRASHED', retryable: true, details: { cause: 'Sandbox.ExitError' } };
  expect(data).toMatchObject({ status: 'failed', error });
});

test('a step that ignores its abort signal fails at its timeout; its log is read before that, and kept', async () => {
  const { data: begun } = await start('hang', { wait_seconds: 0 });
  const ended = call(client, 'check_job', { job_id: begun.job_id, wait_seconds: 20 });
  let running = await call(client, 'read_log', { job_id: begun.job_id });
  while (running.data.text === '' && running.data.status !== 'failed') {
    await delay(1_500);
    running = await call(client, 'read_log', { job_id: begun.job_id });
  }
  expect(running.data).toMatchObject({ status: 'running', text: '== act ==\nbefore the end\n' });
  expect(running.text).toContain('The job is running: for newer lines, call read_log with after 25 in 10 s.');
  const { data } = await ended;
  expect(data).toMatchObject({ status: 'failed', error: { code: 'STEP_TIMED_OUT' } });
  expect(await read(`logs/${data.job_id}/act.log`)).toBe('before the end\n');
}, 40_000);

test('a cancelled job is heard of no more within seconds', async () => {
  const { data } = await start('tick', { url: ticks.url, wait_seconds: 0 });
  await ticks.from('0');
  await call(client, 'cancel_job', { job_id: data.job_id });
  expect(await ticks.silenceOf('0')).toBeLessThan(12_000);
}, 30_000);

test('when its reports are lost, the next attempt takes over and the first falls silent', async () => {
  const { data } = await start('tick', { url: ticks.url, wait_seconds: 0 });
  await ticks.from('0');
  ticks.stopped = '1';
  expect(cloud.expireHeartbeats()).toBe(1);
  const { data: job } = await call(client, 'check_job', { job_id: data.job_id, wait_seconds: 20 });
  expect(job).toMatchObject({ status: 'completed', result: { text: 'told to stop', attempt: 1 } });
  expect(await ticks.silenceOf('0')).toBeLessThan(12_000);
}, 40_000);
