/** Runs an app whose stack has more resources: types that the local cloud does not run, and functions that start jobs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { startLocalCloud as startAssembly } from '../../local/cloud.ts';
import { type LocalCloud, type NotRunResource, startLocalCloud } from '../../local/index.ts';
import { call, connect } from '../support/test-cloud.ts';

const APP = 'test/fixtures/own-stack';
const OWNER = 'arn:aws:iam::000000000000:user/ada';

describe('dev without a stand-in', () => {
  let scratch: string;
  let child: ChildProcess;
  let output = '';
  let url: string;

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'own-stack-'));
    const command = ['--conditions=mcp-async-operations-source', 'local/cli/bin.ts', 'dev'];
    child = spawn(process.execPath, [...command, '--ephemeral', '--app', APP], {
      env: { ...process.env, PORT: '0', LOCAL_CLOUD_DIR: scratch },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const collect = (text: Buffer) => {
      output += text;
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    url = await printed(/^MCP endpoint: (\S+)\/mcp$/m);
  });
  afterAll(async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
    await rm(scratch, { recursive: true, force: true });
  });

  /** @throws Error with what dev printed, when it does not print that within a minute */
  async function printed(pattern: RegExp): Promise<string> {
    for (const until = Date.now() + 60_000; Date.now() < until; ) {
      const match = pattern.exec(output);
      if (match) return match[1] ?? '';
      if (child.exitCode !== null) throw new Error(`dev ended: ${output}`);
      await delay(20);
    }
    throw new Error(`dev did not print ${pattern}: ${output}`);
  }

  test('names the resources that it does not run', () => {
    expect(output).toMatch(/not run .*--stand-in/i);
    expect(output).toMatch(/^ {2}AWS::RDS::DBInstance {2}Database$/m);
    expect(output).toMatch(/^ {2}AWS::EC2::VPC {2}Network$/m);
    expect(output).not.toMatch(/Snake|Inline/);
  });

  test('runs the operations that do not need them', async () => {
    const client = await connect({ url });
    const { data } = await call(client, 'start_echo', { text: 'still here', wait_seconds: 30 });
    expect(data).toMatchObject({ status: 'completed', result: { text: 'still here' } });
    await client.close();
  });

  test('fails the operation that needs one, and names the resource, the variable and the remedy', async () => {
    const client = await connect({ url });
    const { data } = await call(client, 'start_four_steps', { wait_seconds: 30 });
    expect(data).toMatchObject({ status: 'failed', error: { details: { cause: 'LocalCloud.NotRun' } } });
    await printed(/Database\.Endpoint\.Address.*DATABASE_URL.*--stand-in Database\.Endpoint\.Address=VALUE/);
    await client.close();
  });

  test('fails the operation that needs a value of another stack, and names its export', async () => {
    const client = await connect({ url });
    expect((await call(client, 'nap', { ms: 0 })).data).toMatchObject({ error: { code: 'INTERNAL_ERROR' } });
    await printed(/shared-network.*NETWORK.*--stand-in shared-network=VALUE/);
    await client.close();
  });
});

describe('with a stand-in', () => {
  let cloud: LocalCloud;
  let notRun: readonly NotRunResource[] = [];
  let lambda: LambdaClient;

  beforeAll(async () => {
    cloud = await startLocalCloud({
      app: APP,
      standIns: { 'Database.Endpoint.Address': 'localhost', 'shared-network': 'vpc-1' },
      onNotRun: (resources) => {
        notRun = resources;
      },
    });
    const { environment } = cloud;
    lambda = new LambdaClient({
      endpoint: environment.AWS_ENDPOINT_URL_LAMBDA,
      region: environment.AWS_REGION,
      credentials: {
        accessKeyId: environment.AWS_ACCESS_KEY_ID ?? '',
        secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? '',
      },
    });
  });
  afterAll(async () => {
    lambda.destroy();
    await cloud.close();
  });

  /** @returns the result, or the error that Lambda reports */
  async function invoke(name: string, payload: unknown) {
    const FunctionName = cloud.outputs[`${name}Name`];
    const { Payload } = await lambda.send(
      new InvokeCommand({ FunctionName, Payload: JSON.stringify(payload) }),
    );
    return JSON.parse(Buffer.from(Payload ?? []).toString());
  }

  test('the resources are named to the caller', () => {
    expect(notRun).toEqual([
      { logicalId: 'Network', type: 'AWS::EC2::VPC' },
      { logicalId: 'Database', type: 'AWS::RDS::DBInstance' },
    ]);
  });

  test('the operations that need one run', async () => {
    const client = await connect(cloud);
    const { data } = await call(client, 'start_four_steps', { wait_seconds: 30 });
    expect(data).toMatchObject({ status: 'completed', result: { count: 4 } });
    expect((await call(client, 'nap', { ms: 0 })).data).toEqual({ slept_ms: 0 });
    await client.close();
  });

  test.each([
    ['inline', /inline code/],
    ['snake', /inline code|python3/],
  ])('the function %s fails when it is invoked, with the reason', async (name, message) => {
    expect(await invoke(name, {})).toMatchObject({ errorMessage: expect.stringMatching(message) });
  });

  describe('a function with grantStart', () => {
    const start = (input: object, more: object = {}) =>
      invoke('starter', { start: { operation: 'echo', owner: OWNER, input, ...more } });

    test('starts a job that completes, and that its owner sees as an MCP client', async () => {
      const { jobId, status } = await start({ text: 'from a function' });
      expect(status).toBe('pending');
      const client = await connect(cloud, { owner: 'ada' });
      const { data } = await call(client, 'check_job', { job_id: jobId, wait_seconds: 30 });
      expect(data).toMatchObject({ status: 'completed', result: { text: 'from a function' } });
      expect(await invoke('starter', { get: { owner: OWNER, jobId } })).toMatchObject({
        status: 'completed',
        result: { text: 'from a function' },
      });
      expect(await invoke('starter', { get: { owner: 'somebody else', jobId } })).toBeNull();
      expect(await invoke('starter', { get: { owner: OWNER, jobId: 'no id' } })).toBeNull();
      await client.close();
    });

    test('gets the same job for the same idempotency key', async () => {
      const first = await start({ text: 'once' }, { idempotencyKey: 'k' });
      expect((await start({ text: 'once' }, { idempotencyKey: 'k' })).jobId).toBe(first.jobId);
      expect(await start({ text: 'twice' }, { idempotencyKey: 'k' })).toMatchObject({
        failed: { code: 'IDEMPOTENCY_KEY_REUSED' },
      });
    });

    test('cancels a job once', async () => {
      const { jobId } = await start({ text: 'never mind' });
      const cancelled = await invoke('starter', { cancel: { owner: OWNER, jobId } });
      // The job may have ended before.
      if (!cancelled.failed) expect(cancelled).toMatchObject({ jobId, status: 'cancelled' });
      expect(await invoke('starter', { cancel: { owner: OWNER, jobId } })).toMatchObject({
        failed: { code: 'JOB_ALREADY_ENDED' },
      });
      expect(await invoke('starter', { cancel: { owner: 'somebody else', jobId } })).toMatchObject({
        failed: { code: 'JOB_NOT_FOUND' },
      });
    });

    test.each<[string, object, object]>([
      ['an input of another type', { input: { text: 7 } }, { code: 'INVALID_ARGUMENTS', message: /^text: / }],
      ['an unknown input', { input: { text: 'a', colour: 'red' } }, { code: 'INVALID_ARGUMENTS' }],
      [
        'an argument of start tools',
        { input: { text: 'a', wait_seconds: 3 } },
        { code: 'INVALID_ARGUMENTS' },
      ],
      ['an empty owner', { owner: '' }, { code: 'INVALID_ARGUMENTS', message: /^owner: / }],
      ['an empty key', { idempotencyKey: '' }, { code: 'INVALID_ARGUMENTS', message: /^idempotencyKey: / }],
      [
        'an unknown operation',
        { operation: 'thumbnail' },
        { message: /no operation "thumbnail"\. .*\becho,/ },
      ],
      ['an operation without jobs', { operation: 'nap' }, { message: /"nap" has mode sync and no jobs/ }],
    ])('%s is an error', async (_what, wrong, { message, ...expected }: { message?: RegExp }) => {
      const { failed } = await start({ text: 'a' }, wrong);
      expect(failed).toMatchObject({
        ...expected,
        ...(message && { message: expect.stringMatching(message) }),
      });
    });
  });

  test('a function without grantStart gets an error that names the missing grant', async () => {
    const result = await invoke('stranger', { start: { operation: 'echo', owner: OWNER, input: {} } });
    expect(result.failed.message).toMatch(
      /JOB_LIMITS is not set\. Add the construct or grant that sets it\./,
    );
  });
});

test('a policy that Cognito refuses ends the start', async () => {
  const assemblyDirectory = await mkdtemp(join(tmpdir(), 'own-stack-'));
  const properties = { templateFile: 'template.json' };
  const files = {
    'manifest.json': { artifacts: { Own: { type: 'aws:cloudformation:stack', properties } } },
    'template.json': { Resources: { Policy: { Type: 'AWS::Cognito::CIMDPolicy' } } },
  };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(assemblyDirectory, name), JSON.stringify(content));
  }
  await expect(startAssembly({ assemblyDirectory })).rejects.toThrow(/^Cognito refuses Policy: /);
  await rm(assemblyDirectory, { recursive: true });
});
