/** `deploy` through the real endpoint: consent, versions, rollback, two at once, and being killed on the way. */
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Client } from '@modelcontextprotocol/client';
import type { LocalCloud } from '../../local/cloud.ts';
import { assemblies } from '../support/assemblies.ts';
import { operationName } from '../support/operation-name.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { awsClients, call, connect, untilStep } from '../support/test-cloud.ts';
import { type RawEntry, rawArchive } from './build/hostile-archive.ts';

let cloud: LocalCloud;
let client: Client;
let mallory: Client;
let s3: S3Client;
let Bucket: string;
let functionName: string;
/** Jobs of finished builds. */
let web: string;
let broken: string;
let heavy: string;

const MIB = 1024 * 1024;
const LOCK: RawEntry = {
  path: 'package-lock.json',
  content:
    '{"name":"x","version":"1.0.0","lockfileVersion":3,"packages":{"":{"name":"x","version":"1.0.0"}}}',
};
const MAIN: RawEntry = { path: 'main.js', content: 'console.log("hello")' };
const manifest = (main: string): RawEntry => ({
  path: 'package.json',
  content: JSON.stringify({ name: 'x', version: '1.0.0', main }),
});

beforeAll(async () => {
  cloud = await sharedCloud('app');
  client = await connect(cloud, { owner: 'alice' });
  mallory = await connect(cloud, { owner: 'mallory' });
  ({ s3 } = awsClients(cloud));
  Bucket = cloud.outputs.WorkspaceBucketName ?? '';
  functionName = await operationName(assemblies.app, 'deploy');
  web = await build('web', [manifest('main.js'), LOCK, MAIN]);
  broken = await build('web-broken', [manifest('dist/server.js'), LOCK, MAIN]);
  const bytes = randomBytes(8 * MIB);
  heavy = await build('heavy', [
    manifest('./'),
    LOCK,
    { path: 'index.js', content: '' },
    { path: 'data', content: bytes },
  ]);
}, 120_000);
afterAll(async () => {
  s3.destroy();
  await client.close();
  await mallory.close();
});

const put = (Key: string, Body: Buffer | string) => s3.send(new PutObjectCommand({ Bucket, Key, Body }));

async function get(Key: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

async function build(project: string, entries: readonly RawEntry[]): Promise<string> {
  await put(`projects/${project}.tar.gz`, rawArchive([...entries]));
  const { data } = await call(client, 'start_build', { project });
  const built = await end(data.job_id);
  expect(built).toMatchObject({ status: 'completed' });
  return data.job_id;
}

async function end(job_id: string, until = /completed|failed|cancelled/) {
  for (;;) {
    const { data } = await call(client, 'check_job', { job_id, wait_seconds: 30 });
    if (until.test(data.status)) return data;
  }
}

async function start(args: Record<string, unknown>, by = client): Promise<string> {
  const { data } = await call(by, 'start_deploy', args);
  expect(data).toMatchObject({ status: 'pending' });
  return data.job_id;
}

const deploy = async (args: Record<string, unknown>) => end(await start(args));
const current = async (project: string, environment: string) =>
  JSON.parse((await get(`releases/${environment}/${project}/current.json`)).toString()).current;
const answer = (job_id: string, approve: unknown) =>
  call(client, 'answer_job', { job_id, answers: { approve } });
const yes = { action: 'accept', content: { approve: true } };

test('a build is released where nobody has to be asked, and is then the current version', async () => {
  const job = await deploy({ project: 'web', build_job_id: web, environment: 'staging' });
  const { data: built } = await call(client, 'check_job', { job_id: web });
  expect(job).toMatchObject({
    status: 'completed',
    result: {
      environment: 'staging',
      previous_version: null,
      version: job.job_id,
      sha256: built.result.sha256,
    },
  });
  const released = await get(job.result.artifact.slice(1));
  expect(createHash('sha256').update(released).digest('hex')).toBe(built.result.sha256);
  expect(await current('web', 'staging')).toMatchObject({ version: job.job_id, build_job_id: web });
  expect(job.files).toEqual([expect.objectContaining({ name: `${job.job_id}.tar.gz` })]);
  const next = await deploy({ project: 'web', build_job_id: web, environment: 'staging' });
  expect(next.result.previous_version).toBe(job.job_id);
});

describe('in production', () => {
  test('it asks, and goes on with a yes', async () => {
    const job_id = await start({ project: 'web', build_job_id: web, environment: 'production' });
    const asked = await end(job_id, /input_required/);
    expect(asked.input_requests.approve.message).toMatch(
      /Release web to production\?.*It is the first release/,
    );
    await answer(job_id, yes);
    expect(await end(job_id)).toMatchObject({ status: 'completed', result: { environment: 'production' } });
  });

  test('a no ends it as cancelled with the reason, and changes nothing', async () => {
    const before = await current('web', 'production');
    const job_id = await start({ project: 'web', build_job_id: web, environment: 'production' });
    await end(job_id, /input_required/);
    await answer(job_id, { action: 'accept', content: { approve: false, reason: 'Friday' } });
    expect(await end(job_id)).toMatchObject({
      status: 'cancelled',
      message: 'The release to production was refused: Friday.',
    });
    expect(await current('web', 'production')).toEqual(before);
    const { Contents = [] } = await s3.send(
      new ListObjectsV2Command({ Bucket, Prefix: 'releases/production/' }),
    );
    expect(Contents.some(({ Key }) => Key?.includes(job_id))).toBe(false);
  });

  test('what was verified is what is released, though a later build has replaced the artifact', async () => {
    const job_id = await start({ project: 'web', build_job_id: web, environment: 'production' });
    await end(job_id, /input_required/);
    const artifact = await get('builds/web.tar.gz');
    await put('builds/web.tar.gz', 'something else');
    await answer(job_id, yes);
    const { status, result } = await end(job_id);
    await put('builds/web.tar.gz', artifact);
    expect(status).toBe('completed');
    expect(await get(result.artifact.slice(1))).toEqual(artifact);
  });

  test('while one waits the next is told which, whoever asks; once that is over it gets the place', async () => {
    const args = { project: 'web', build_job_id: web, environment: 'production' };
    const first = await start(args);
    await end(first, /input_required/);
    expect(await deploy(args)).toMatchObject({
      status: 'failed',
      error: { code: 'DEPLOY_IN_PROGRESS', retryable: true, details: { job_id: first } },
    });
    await call(client, 'cancel_job', { job_id: first });
    const third = await start(args);
    await end(third, /input_required/);
    await answer(third, yes);
    expect(await end(third)).toMatchObject({ status: 'completed' });
  });
});

test('a failed smoke test brings the version before back', async () => {
  const good = await deploy({ project: 'web', build_job_id: web, environment: 'canary' });
  const bad = await deploy({ project: 'web-broken', build_job_id: broken, environment: 'canary' });
  expect(bad).toMatchObject({
    status: 'failed',
    error: {
      code: 'SMOKE_TEST_FAILED',
      message: expect.stringContaining(
        '"dist/server.js", which is missing. No version is current, as before.',
      ),
      details: { rolled_back_to: '' },
    },
  });
  expect(await current('web-broken', 'canary')).toBeNull();
  // The same name, built again and broken now.
  const rebuilt = await build('web', [manifest('nowhere.js'), LOCK, MAIN]);
  const worse = await deploy({ project: 'web', build_job_id: rebuilt, environment: 'canary' });
  expect(worse.error).toMatchObject({ code: 'SMOKE_TEST_FAILED', details: { rolled_back_to: good.job_id } });
  expect(await current('web', 'canary')).toMatchObject({ version: good.job_id });
  web = await build('web', [manifest('main.js'), LOCK, MAIN]);
}, 60_000);

describe('killed', () => {
  const args = { project: 'heavy', environment: 'staging' };
  const kill = (job_id: string) => {
    expect(cloud.interrupt(functionName)).toBeGreaterThan(0);
    return end(job_id);
  };
  const killWhen = async (job_id: string, isTime: () => Promise<boolean>) => {
    while (!(await isTime().catch(() => false))) await delay(5);
    return kill(job_id);
  };

  test('while it releases, it goes on and ends right', async () => {
    const job_id = await start({ ...args, build_job_id: heavy });
    await untilStep(cloud, job_id, ['release']);
    const { status } = await kill(job_id);
    expect(status).toBe('completed');
    expect(await current('heavy', 'staging')).toMatchObject({ version: job_id });
  }, 60_000);

  test('between flip and smoke test, it tests what is there, and ends right', async () => {
    const before = await current('heavy', 'staging');
    const job_id = await start({ ...args, build_job_id: heavy });
    const job = await killWhen(job_id, async () => (await current('heavy', 'staging')).version === job_id);
    expect(job).toMatchObject({ status: 'completed', result: { previous_version: before.version } });
    expect(await current('heavy', 'staging')).toMatchObject({ version: job_id });
  }, 60_000);

  test('between flip and smoke test of what is broken, it still goes back', async () => {
    const before = await current('heavy', 'staging');
    const job_id = await start({ ...args, build_job_id: heavy });
    const job = await killWhen(job_id, async () => {
      if ((await current('heavy', 'staging')).version !== job_id) return false;
      // As a disk or a person might.
      await put(`releases/staging/heavy/${job_id}.tar.gz`, 'broken');
      return true;
    });
    // The test may have been over by then: either way what is current is whole.
    const version = job.status === 'completed' ? job_id : before.version;
    expect(job.status === 'completed' || job.error.code === 'SMOKE_TEST_FAILED').toBe(true);
    expect(await current('heavy', 'staging')).toMatchObject({ version });
  }, 60_000);
});

describe('it is refused', () => {
  test.each([
    ['without such a job', { build_job_id: 'a0000000-0000-4000-8000-000000000000' }, /no such job/],
    ['with what is no id', { build_job_id: '../../etc' }, /no such job/],
    ['with a build of another project', () => ({ build_job_id: broken }), /it built "web-broken"/],
  ])('%s', async (_case, args, message) => {
    const given = { project: 'web', environment: 'staging', ...(typeof args === 'function' ? args() : args) };
    expect(await deploy(given)).toMatchObject({
      status: 'failed',
      error: { code: 'BUILD_JOB_INVALID', step: 'verify', message: expect.stringMatching(message) },
    });
  });

  test("with somebody else's build", async () => {
    const { data } = await call(mallory, 'start_deploy', {
      project: 'web',
      build_job_id: web,
      environment: 'staging',
      wait_seconds: 30,
    });
    expect(data.error).toMatchObject({
      code: 'BUILD_JOB_INVALID',
      message: expect.stringContaining('you have no such job'),
    });
  });

  test('with a job that is no build, and with a build that has failed', async () => {
    const other = await deploy({ project: 'web', build_job_id: web, environment: 'staging' });
    const ofDeploy = await deploy({ project: 'web', build_job_id: other.job_id, environment: 'staging' });
    expect(ofDeploy.error.message).toContain('a job of deploy');
    await put('projects/web.tar.gz', 'no archive');
    const { data } = await call(client, 'start_build', { project: 'web', wait_seconds: 30 });
    const ofFailed = await deploy({ project: 'web', build_job_id: data.job_id, environment: 'staging' });
    expect(ofFailed.error.message).toContain('it is failed');
  });

  test('with an artifact that has changed since its build', async () => {
    const artifact = await get('builds/web.tar.gz');
    await put('builds/web.tar.gz', Buffer.concat([artifact, Buffer.from('!')]));
    const job = await deploy({ project: 'web', build_job_id: web, environment: 'staging' });
    await put('builds/web.tar.gz', artifact);
    expect(job.error).toMatchObject({ code: 'ARTIFACT_CHANGED', step: 'verify' });
  });

  test.each([
    ['an environment that climbs', { environment: '../x' }],
    ['an environment in capitals', { environment: 'Production' }],
    ['a project that climbs', { project: '..' }],
    ['no environment', { environment: undefined }],
  ])('with %s, before there is a job', async (_case, wrong) => {
    const { data } = await call(client, 'start_deploy', {
      project: 'web',
      build_job_id: web,
      environment: 'staging',
      ...wrong,
    });
    expect(data.error).toMatchObject({ code: 'INVALID_ARGUMENTS' });
    expect(data.job_id).toBeUndefined();
  });

  test('of what was never built, before there is a job', async () => {
    const { data } = await call(client, 'start_deploy', {
      project: 'nothing',
      build_job_id: web,
      environment: 'staging',
    });
    expect(data.error).toMatchObject({
      code: 'BUILD_JOB_INVALID',
      message: expect.stringContaining('start_build'),
    });
  });
});
