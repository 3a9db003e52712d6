/** `upload` through the real endpoint: who may put a file, which one is taken, and that none is lost. */
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Client } from '@modelcontextprotocol/client';
import type { LocalCloud } from '../../local/cloud.ts';
import { assemblies } from '../support/assemblies.ts';
import { type ApiCall, apiClient } from '../support/openapi.ts';
import { operationName } from '../support/operation-name.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { awsClients, call, connect, untilStep } from '../support/test-cloud.ts';
import { paxRecord, type RawEntry, rawArchive } from './build/hostile-archive.ts';

const MIB = 1024 * 1024;

let cloud: LocalCloud;
let client: Client;
let mallory: Client;
let api: ApiCall;
let s3: S3Client;

beforeAll(async () => {
  cloud = await sharedCloud('app');
  client = await connect(cloud, { owner: 'alice' });
  mallory = await connect(cloud, { owner: 'mallory' });
  api = apiClient(cloud, 'alice');
  ({ s3 } = awsClients(cloud));
});
afterAll(async () => {
  s3.destroy();
  await client.close();
  await mallory.close();
});

const packageJson: RawEntry = { path: 'package.json', content: '{"name":"uploaded","version":"1.0.0"}' };
const small = rawArchive([packageJson]);
/** 16 MiB that do not compress: the time in which a test kills a function, or replaces the file. */
const large = rawArchive([packageJson, { path: 'noise.bin', content: randomBytes(16 * MIB) }]);

/** A job that waits for its archive. */
async function waiting(project: string, more: object = {}) {
  const { data, text } = await call(client, 'start_upload', { project, wait_seconds: 30, ...more });
  expect(data.status).toBe('input_required');
  return { jobId: data.job_id as string, upload: data.input_requests.file.upload, text, data };
}

const put = (url: string, body: Buffer | string, init: RequestInit = {}) =>
  fetch(url, { method: 'PUT', body: new Uint8Array(Buffer.from(body)), ...init });

/** Once it has ended; that a file is there is noticed a moment later. */
async function end(jobId: string) {
  for (;;) {
    const { data } = await call(client, 'check_job', { job_id: jobId, wait_seconds: 30 });
    if (data.status !== 'running' && data.status !== 'input_required') return data;
    await delay(1_000);
  }
}

async function source(project: string): Promise<Buffer> {
  const { Body } = await s3.send(
    new GetObjectCommand({ Bucket: cloud.outputs.WorkspaceBucketName, Key: `projects/${project}.tar.gz` }),
  );
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

const codeOf = async (response: Response) => /<Code>(.*)<\/Code>/.exec(await response.text())?.[1];

describe('an archive that is put where the job says', () => {
  test('becomes the source of the project, which other operations read', async () => {
    const { jobId, upload, text, data: asked } = await waiting('large');
    expect(upload).toEqual({
      method: 'PUT',
      max_bytes: 5 * 1024 * MIB,
      url: expect.stringContaining(`/uploads/${jobId}?`),
      url_expires_at: expect.any(String),
    });
    expect(Date.parse(upload.url_expires_at) - Date.now()).toBeGreaterThan(14 * 60_000);
    expect(text).toContain(`curl --fail-with-body -T FILE '${upload.url}'`);
    // Clients that show only the structure have the command, too; the URL is long, so each form has it once.
    expect(asked.next).toContain(
      "curl --fail-with-body -T FILE 'URL', with the URL in input_requests.file.upload.url",
    );
    expect(text).toContain(asked.next);
    for (const form of [text, JSON.stringify(asked)]) expect(form.split(upload.url)).toHaveLength(2);
    expect((await put(upload.url, large)).status).toBe(200);
    expect(await end(jobId)).toMatchObject({
      status: 'completed',
      result: {
        source: '/projects/large.tar.gz',
        size: large.length,
        sha256: createHash('sha256').update(large).digest('hex'),
        files: 2,
      },
    });
    expect((await source('large')).equals(large)).toBe(true);
    const { data } = await call(client, 'read_project_file', { project: 'large', path: 'package.json' });
    expect(data.content).toContain('"uploaded"');
  }, 60_000);

  test('is taken from who follows the job over plain HTTP, too', async () => {
    const { jobId } = await waiting('http');
    const { data } = await api(`GET /jobs/${jobId}`);
    await put(data.input_requests.file.upload.url, small);
    expect(await end(jobId)).toMatchObject({ status: 'completed' });
  });

  test('is taken while the function that is told of it is killed', async () => {
    const { jobId, upload } = await waiting('killed');
    let kills = 0;
    const killer = setInterval(() => {
      // EventBridge tries three times.
      if (kills < 2) kills += cloud.interrupt('UploadsFunction');
    }, 5);
    await put(upload.url, small);
    expect(await end(jobId)).toMatchObject({ status: 'completed' });
    clearInterval(killer);
    expect(kills).toBe(2);
  }, 60_000);

  test('is published by another attempt when the function is killed in the middle', async () => {
    const { jobId, upload } = await waiting('cut');
    await put(upload.url, large);
    const name = await operationName(assemblies.app, 'upload');
    await untilStep(cloud, jobId, ['publish']);
    expect(cloud.interrupt(name)).toBeGreaterThan(0);
    expect(await end(jobId)).toMatchObject({ status: 'completed', result: { size: large.length } });
  }, 60_000);
});

describe('a file that is put a second time', () => {
  /** Its archive is looked through just now. */
  async function publishing(project: string) {
    const { jobId, upload } = await waiting(project);
    await put(upload.url, large);
    await untilStep(cloud, jobId, ['publish']);
    return { jobId, upload };
  }

  test('in the place of the one that has arrived fails the job, and replaces no source', async () => {
    const { jobId, upload } = await publishing('swapped');
    await put(upload.url, small);
    expect(await end(jobId)).toMatchObject({
      status: 'failed',
      error: { code: 'UPLOAD_CHANGED', step: 'publish', retryable: false },
    });
    await expect(source('swapped')).rejects.toMatchObject({ name: 'NoSuchKey' });
  }, 60_000);

  test('and is the same changes nothing', async () => {
    const { jobId, upload } = await publishing('again');
    await put(upload.url, large);
    expect(await end(jobId)).toMatchObject({ status: 'completed', result: { size: large.length } });
  }, 60_000);
});

describe('the URL', () => {
  test("is shown to nobody but the job's owner", async () => {
    const { jobId } = await waiting('mine');
    const { data } = await call(mallory, 'check_job', { job_id: jobId });
    expect(data).toEqual({ error: expect.objectContaining({ code: 'JOB_NOT_FOUND' }) });
  });

  test('is another each time, and each works', async () => {
    const { jobId, upload } = await waiting('twice');
    await delay(1_000);
    const { data } = await call(client, 'check_job', { job_id: jobId });
    expect(data.input_requests.file.upload.url).not.toBe(upload.url);
    expect((await put(data.input_requests.file.upload.url, small)).status).toBe(200);
    expect(await end(jobId)).toMatchObject({ status: 'completed' });
  });

  test('puts the one file, and neither reads nor deletes it, nor writes another', async () => {
    const { upload } = await waiting('only');
    const other = upload.url.replace(/uploads\/[^?]+/, 'projects/large.tar.gz');
    for (const response of [
      await fetch(upload.url),
      await fetch(upload.url, { method: 'DELETE' }),
      await put(other, small),
      await put(upload.url.replace('X-Amz-Expires=900', 'X-Amz-Expires=90000'), small),
    ]) {
      expect([response.status, await codeOf(response)]).toEqual([403, 'SignatureDoesNotMatch']);
    }
    const copying = {
      headers: { 'x-amz-copy-source': `${cloud.outputs.WorkspaceBucketName}/projects/large.tar.gz` },
    };
    const copy = await put(upload.url, '', copying);
    expect([copy.status, await codeOf(copy)]).toEqual([403, 'AccessDenied']);
  });

  test('takes no other size than the one that was said', async () => {
    const { jobId, upload } = await waiting('sized', { size: small.length });
    expect(upload.size).toBe(small.length);
    const wrong = await put(upload.url, large.subarray(0, small.length + 1));
    expect([wrong.status, await codeOf(wrong)]).toEqual([403, 'SignatureDoesNotMatch']);
    expect((await put(upload.url, small)).status).toBe(200);
    expect(await end(jobId)).toMatchObject({ status: 'completed', result: { size: small.length } });
  });
});

describe('refused, naming why:', () => {
  test.each([
    ['more than 5 GiB', { size: 5 * 1024 * MIB + 1 }, /size: must not exceed 5,120 MiB/],
    ['nothing', { size: 0 }, /size/],
    ['a project that could be a path', { project: '../x' }, /project/],
  ])('%s, before there is a job', async (_what, args, message) => {
    const { isError, data } = await call(client, 'start_upload', { project: 'refused', ...args });
    expect(isError).toBe(true);
    expect(data.error).toMatchObject({ code: 'INVALID_ARGUMENTS', message: expect.stringMatching(message) });
  });

  test.each<[string, Buffer, string, RegExp]>([
    ['no archive', Buffer.from('hello'), 'SOURCE_INVALID', /not a gzipped tar archive/],
    ['nothing at all', Buffer.alloc(0), 'SOURCE_INVALID', /source archive is invalid/],
    ['a path that leads out', rawArchive([packageJson, { path: '../evil' }]), 'SOURCE_INVALID', /"\.\."/],
    [
      'a link that leads out',
      rawArchive([packageJson, { path: 'a', type: 'SymbolicLink', linkpath: '/etc/passwd' }]),
      'SOURCE_INVALID',
      /leads out/,
    ],
    ['what is cut off', small.subarray(0, small.length - 20), 'SOURCE_INVALID', /corrupt/],
    [
      'data after its end',
      Buffer.concat([small, randomBytes(5 * MIB)]),
      'SOURCE_INVALID',
      /data after its end|corrupt/,
    ],
    [
      'names that would fill the memory',
      rawArchive([
        packageJson,
        ...Array.from({ length: 11_000 }, (_, index) => [
          paxRecord('path', `${'long/'.repeat(800)}${index}`),
          { path: 'x' },
        ]).flat(),
      ]),
      'SOURCE_TOO_LARGE',
      /names/,
    ],
  ])(
    '%s',
    async (_what, archive, code, message) => {
      const { jobId, upload } = await waiting('refused');
      await put(upload.url, archive);
      expect(await end(jobId)).toMatchObject({
        status: 'failed',
        error: { code, step: 'publish', message: expect.stringMatching(message) },
      });
      await expect(source('refused')).rejects.toMatchObject({ name: 'NoSuchKey' });
    },
    60_000,
  );
});
