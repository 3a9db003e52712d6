/** Tests retries of jobs, through the management API and the tool. A server in this process counts the steps, and fails them. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DeleteObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Client } from '@modelcontextprotocol/client';
import type { LocalCloud } from '../../local/cloud.ts';
import { batonKey } from '../fixtures/catalogue/relay/operation.ts';
import { type ApiCall, apiClient } from '../support/openapi.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { awsClients, call, connect } from '../support/test-cloud.ts';

let cloud: LocalCloud;
let client: Client;
let api: ApiCall;
let s3: S3Client;
let server: Server;
let url: string;
/** Steps that have run, in order, by the path of the test. */
let ran: string[];
/** Steps that fail. */
let failing: string[];

beforeAll(async () => {
  cloud = await sharedCloud('test');
  client = await connect(cloud, { owner: 'alice' });
  api = apiClient(cloud, 'alice');
  ({ s3 } = awsClients(cloud));
  server = createServer(({ url: path = '' }, response) => {
    const step = path.slice(1);
    ran.push(step);
    response.writeHead(failing.includes(step) ? 500 : 200).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  s3.destroy();
  await client.close();
});
beforeEach(() => {
  ran = [];
  failing = [];
});

/** Starts a relay and returns its id when it has ended. */
async function relay(...failed: readonly string[]): Promise<string> {
  failing = [...failed];
  const { data } = await call(client, 'start_relay', { url, wait_seconds: 20 });
  failing = [];
  return data.job_id;
}

/** Waits until a job ends or asks. */
async function ended(job_id: string) {
  const { data } = await call(client, 'check_job', { job_id, wait_seconds: 20, include: ['details'] });
  return data;
}

test('a retry from the last step runs that step only, with the results and the files of the others', async () => {
  const jobId = await relay('four');
  expect(await ended(jobId)).toMatchObject({
    status: 'failed',
    error: { code: 'DROPPED', step: 'four' },
    next: 'Call retry_job to run it again from four.',
  });
  expect(ran).toEqual(['one', 'two', 'three', 'four']);

  ran = [];
  const retry = await api(`POST /jobs/${jobId}/retry`);
  expect(retry).toMatchObject({
    status: 202,
    data: {
      status: 'pending',
      progress: 0.75,
      retried_from: jobId,
      message: `Retry of job ${jobId}. It begins at four.`,
    },
  });
  const { job_id } = retry.data;
  expect(job_id).not.toBe(jobId);
  expect(await ended(job_id)).toMatchObject({
    status: 'completed',
    result: { text: 'one two' },
    step: 'four',
    retried_from: jobId,
  });
  expect(ran).toEqual(['four']);

  const { data } = await api('GET /jobs?operation=relay');
  expect(data.jobs[0]).toMatchObject({ job_id, retried_from: jobId });
  expect(data.jobs[1]).not.toHaveProperty('retried_from');
});

test('a retry from an earlier step runs all steps from there on', async () => {
  const jobId = await relay('three');
  ran = [];
  const { data } = await call(client, 'retry_job', { job_id: jobId, from_step: 'two' });
  expect(data).toMatchObject({
    status: 'pending',
    retried_from: jobId,
    message: `Retry of job ${jobId}. It begins at two.`,
    next: 'Call check_job with this job_id and wait_seconds.',
  });
  expect(await ended(data.job_id)).toMatchObject({ status: 'completed', result: { text: 'one two' } });
  expect(ran).toEqual(['two', 'three', 'four']);
});

test('a retry of a retry finds what the first job has left', async () => {
  const jobId = await relay('three');
  failing = ['four'];
  const first = await api(`POST /jobs/${jobId}/retry`);
  expect(await ended(first.data.job_id)).toMatchObject({ status: 'failed', error: { step: 'four' } });
  [failing, ran] = [[], []];
  const second = await api(`POST /jobs/${first.data.job_id}/retry`);
  expect(second.data).toMatchObject({ retried_from: first.data.job_id, progress: 0.75 });
  expect(await ended(second.data.job_id)).toMatchObject({ status: 'completed', result: { text: 'one two' } });
  expect(ran).toEqual(['four']);
});

test('a retry that is cancelled before its step loses nothing, and does not count', async () => {
  const jobId = await relay('four');
  ran = [];
  const end = cloud.throttle('StartExecution');
  const first = await api(`POST /jobs/${jobId}/retry`);
  expect(await api(`POST /jobs/${first.data.job_id}/cancel`)).toMatchObject({ status: 200 });
  end();
  const second = await api(`POST /jobs/${first.data.job_id}/retry`);
  expect(second.data).toMatchObject({ status: 'pending', retried_from: jobId, progress: 0.75 });
  expect((await api(`POST /jobs/${jobId}/retry`)).data.job_id).toBe(second.data.job_id);
  expect(await ended(second.data.job_id)).toMatchObject({ status: 'completed', result: { text: 'one two' } });
  expect(ran).toEqual(['four']);
});

test('where a file of a step is gone, the retry says so and begins at that step', async () => {
  const jobId = await relay('four');
  ran = [];
  const Bucket = cloud.outputs.WorkspaceBucketName;
  await s3.send(new DeleteObjectCommand({ Bucket, Key: batonKey(jobId, 'two') }));
  const { data } = await api(`POST /jobs/${jobId}/retry`);
  expect(data).toMatchObject({
    progress: 0.25,
    message: `Retry of job ${jobId}. A file of step two is gone, so it begins at two and not at four.`,
  });
  expect(await ended(data.job_id)).toMatchObject({ status: 'completed', result: { text: 'one two' } });
  expect(ran).toEqual(['two', 'three', 'four']);
});

test('calls at the same time, and later ones, give one new job', async () => {
  const jobId = await relay('two');
  ran = [];
  const calls = await Promise.all(Array.from({ length: 4 }, () => api(`POST /jobs/${jobId}/retry`)));
  const ids = new Set(calls.map(({ data }) => data.job_id));
  expect(calls.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
  expect(ids.size).toBe(1);
  const [job_id = ''] = ids;
  await ended(job_id);
  const { data } = await call(client, 'retry_job', { job_id: jobId, from_step: 'two' });
  expect(data).toMatchObject({ job_id, status: 'completed', retried_from: jobId });
  expect(ran).toEqual(['two', 'three', 'four']);

  const other = await api(`POST /jobs/${jobId}/retry`, { json: { from_step: 'one' } });
  expect(other).toMatchObject({
    status: 409,
    data: { error: { code: 'JOB_ALREADY_RETRIED', details: { job_id } } },
  });
  expect(other.data.error.message).toBe(
    `The job was already retried from two, as job ${job_id}. Retry that job instead.`,
  );
});

test('a completed job is retried from a named step', async () => {
  const jobId = await relay();
  ran = [];
  const unnamed = await api(`POST /jobs/${jobId}/retry`, { json: {} });
  expect(unnamed).toMatchObject({ status: 400, data: { error: { code: 'INVALID_ARGUMENTS' } } });
  expect(unnamed.data.error.message).toContain('Choose one of: one, two, three, four.');
  const { data } = await api(`POST /jobs/${jobId}/retry`, { json: { from_step: 'three' } });
  expect(await ended(data.job_id)).toMatchObject({ status: 'completed', result: { text: 'one two' } });
  expect(ran).toEqual(['three', 'four']);
});

test('a step without a sandbox finds what earlier steps returned, also answers', async () => {
  const { data: asked } = await call(client, 'start_ask', { hurry: true, wait_seconds: 20 });
  const answers = {
    approve: { action: 'accept', content: { approve: true } },
    paint: { action: 'accept', content: { colour: 'green' } },
  };
  await call(client, 'answer_job', { job_id: asked.job_id, answers });
  let failed = await ended(asked.job_id);
  while (failed.status !== 'failed') failed = await ended(asked.job_id);
  expect(failed).toMatchObject({ error: { code: 'INPUT_TIMED_OUT', step: 'hurry' } });

  const { data } = await call(client, 'retry_job', { job_id: asked.job_id });
  while ((await ended(data.job_id)).status !== 'input_required');
  const { data: answered } = await api(`POST /jobs/${data.job_id}/answers`, {
    json: { answers: { quick: { action: 'accept', content: { quick: true } } } },
  });
  expect(answered.status).toBe('running');
  expect(await ended(data.job_id)).toMatchObject({ status: 'completed', result: { colour: 'green' } });
});

test('an external state machine runs again as a whole', async () => {
  const { data } = await call(client, 'start_report', { ends: 'refused', wait_seconds: 20 });
  expect(data.status).toBe('failed');
  const named = await api(`POST /jobs/${data.job_id}/retry`, { json: { from_step: 'Refused' } });
  expect(named).toMatchObject({ status: 400, data: { error: { code: 'INVALID_ARGUMENTS' } } });
  const { status, data: retry } = await api(`POST /jobs/${data.job_id}/retry`);
  expect([status, retry.retried_from]).toEqual([202, data.job_id]);
  expect(await ended(retry.job_id)).toMatchObject({ status: 'failed', error: { code: data.error.code } });
});

describe('a retry is refused', () => {
  test('while the job is open, until it is cancelled', async () => {
    const { data } = await call(client, 'start_probe', { behaviour: 'wait' });
    const route = `/jobs/${data.job_id}`;
    expect(await api(`POST ${route}/retry`)).toMatchObject({
      status: 409,
      data: { error: { code: 'JOB_NOT_ENDED' } },
    });
    expect(await api(`POST ${route}/cancel`)).toMatchObject({ status: 200, data: { status: 'cancelled' } });
    expect(await api(`POST ${route}/cancel`)).toMatchObject({
      status: 409,
      data: { error: { code: 'JOB_ALREADY_ENDED', details: { status: 'cancelled' } } },
    });
    const retry = await api(`POST ${route}/retry`);
    expect(retry).toMatchObject({ status: 202, data: { retried_from: data.job_id } });
    await api(`POST /jobs/${retry.data.job_id}/cancel`);
  });

  test('from a step that does not exist, or that the job did not reach', async () => {
    const jobId = await relay('two');
    for (const from_step of ['three', 'five', '__proto__', 'x'.repeat(255)]) {
      const { status, data } = await api(`POST /jobs/${jobId}/retry`, { json: { from_step } });
      expect([status, data.error.code]).toEqual([400, 'INVALID_ARGUMENTS']);
      expect(data.error.message).toMatch(/Choose one of: one, two\.$/);
    }
  });

  test('to everybody but the owner, as if the job did not exist', async () => {
    const jobId = await relay('one');
    const bob = apiClient(cloud, 'bob');
    for (const act of ['retry', 'cancel']) {
      const unknown = await bob(`POST /jobs/${jobId.replace(/^./, '0')}/${act}`);
      expect(unknown).toMatchObject({ status: 404, data: { error: { code: 'JOB_NOT_FOUND' } } });
      for (const id of [jobId, 'nonsense', '%00']) {
        const { status, data } = await bob(`POST /jobs/${id}/${act}`);
        expect([id, status, data]).toEqual([id, 404, unknown.data]);
      }
    }
  });

  test('with a body of another shape', async () => {
    const { data } = await call(client, 'start_probe', { behaviour: 'fail', wait_seconds: 20 });
    for (const json of [{ from_step: '' }, { from_step: 1 }, { from: 'one' }, ['one']]) {
      expect(await api(`POST /jobs/${data.job_id}/retry`, { json })).toMatchObject({
        status: 400,
        data: { error: { code: 'INVALID_ARGUMENTS' } },
      });
    }
  });
});
