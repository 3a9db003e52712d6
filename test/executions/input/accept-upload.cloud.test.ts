/** Jobs that wait for a file: what ends the wait, what does not, and that the way in is told to the owner alone. */
import { ListTablesCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { Client } from '@modelcontextprotocol/client';
import type { LocalCloud } from '../../../local/cloud.ts';
import { waitFor } from '../../local/fixture/harness.ts';
import { type ApiCall, apiClient } from '../../support/openapi.ts';
import { type RecordingReceiver, startRecordingReceiver } from '../../support/recording-receiver.ts';
import { sharedCloud } from '../../support/shared-cloud.ts';
import { awsClients, call, connect } from '../../support/test-cloud.ts';

let cloud: LocalCloud;
let client: Client;
let api: ApiCall;
let aws: ReturnType<typeof awsClients>;
let receiver: RecordingReceiver;
const lines: string[] = [];

beforeAll(async () => {
  cloud = await sharedCloud('test', { onLog: (name, line) => void lines.push(`${name} ${line}`) });
  client = await connect(cloud, { owner: 'alice' });
  api = apiClient(cloud, 'alice');
  aws = awsClients(cloud);
  receiver = await startRecordingReceiver();
});
afterAll(async () => {
  receiver.close();
  for (const each of Object.values(aws)) each.destroy();
  await client.close();
});

async function waiting(args: Record<string, unknown> = {}) {
  const { data } = await call(client, 'start_take', { ...args, wait_seconds: 20 });
  expect(data.status).toBe('input_required');
  return { jobId: data.job_id as string, upload: data.input_requests.file.upload };
}

const put = (url: string, body: string) => fetch(url, { method: 'PUT', body });

const end = (jobId: string) =>
  waitFor(async () => {
    const { data } = await call(client, 'check_job', { job_id: jobId, wait_seconds: 20 });
    return /running|input_required/.test(data.status) ? undefined : data;
  });

/** That the function which is told of files has said so of one that nobody waits for. */
const ignored = (key: string) =>
  waitFor(async () => lines.find((line) => line.startsWith('UploadsFunction') && line.includes(key)));

test('a job goes on with the file that was put, and says what is in it', async () => {
  const { jobId, upload } = await waiting();
  expect(upload).toMatchObject({ method: 'PUT', max_bytes: 1_000 });
  await put(upload.url, 'hello');
  expect(await end(jobId)).toMatchObject({ status: 'completed', result: { text: 'hello' } });
});

test('one that was made with an idempotency key has a place of its own for each of its lives', async () => {
  const { jobId, upload } = await waiting({ idempotency_key: 'a file' });
  expect(upload.url).toMatch(new RegExp(`/uploads/${jobId}-\\d{13}\\?`));
  await put(upload.url, 'hello');
  expect(await end(jobId)).toMatchObject({ status: 'completed' });
});

test('a file that does not come in time fails it', async () => {
  const { jobId, upload } = await waiting({ hurry: true });
  expect(await end(jobId)).toMatchObject({
    status: 'failed',
    error: {
      code: 'INPUT_TIMED_OUT',
      step: 'hurry',
      message: expect.stringMatching(/file .* did not arrive/),
      retryable: true,
    },
  });
  await put(upload.url, 'late');
  await ignored(jobId);
});

test('one that is larger than the step takes fails it', async () => {
  const { jobId, upload } = await waiting();
  await put(upload.url, 'x'.repeat(1_001));
  expect(await end(jobId)).toMatchObject({
    status: 'failed',
    error: { code: 'UPLOAD_TOO_LARGE', details: { size: 1_001, limit_bytes: 1_000 } },
  });
});

test('one that comes after the job was cancelled is ignored', async () => {
  const { jobId, upload } = await waiting();
  await call(client, 'cancel_job', { job_id: jobId });
  await put(upload.url, 'late');
  await ignored(jobId);
  expect((await call(client, 'check_job', { job_id: jobId })).data).toMatchObject({ status: 'cancelled' });
});

test('one that belongs to no job is ignored', async () => {
  const Bucket = cloud.outputs.WorkspaceBucketName;
  for (const Key of ['uploads/nobody', 'uploads/00000000-0000-4000-8000-000000000000']) {
    await aws.s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
    await ignored(Key);
  }
});

test.each([
  ['accept', { action: 'accept', content: { size: 1, version: '"x"' } }],
  ['decline', { action: 'decline' }],
])('no answer takes its place: %s', async (_action, file) => {
  const { jobId, upload } = await waiting();
  const { isError, data } = await call(client, 'answer_job', { job_id: jobId, answers: { file } });
  expect(isError).toBe(true);
  expect(data.error).toMatchObject({
    code: 'INVALID_ARGUMENTS',
    message: expect.stringMatching(/answers\.file: .*PUT.*input_requests\.file\.upload\.url.*cancel_job/),
  });
  const { status } = await api(`POST /jobs/${jobId}/answers`, { json: { answers: { file } } });
  expect(status).toBe(400);
  await put(upload.url, 'hello');
  expect(await end(jobId)).toMatchObject({ status: 'completed', result: { text: 'hello' } });
});

test('where to put it is in no table, event, webhook or log: only in answers to its owner', async () => {
  const { jobId, upload } = await waiting({
    callback_url: receiver.url,
    callback_events: ['job.input_required', 'job.completed'],
  });
  const { data: checked } = await api(`GET /jobs/${jobId}`);
  const urls = [upload.url, checked.input_requests.file.upload.url].map((url: string) => new URL(url));
  await put(upload.url, 'hello');
  await end(jobId);
  const told = await Promise.all(
    ['job.input_required', 'job.completed'].map((type) =>
      receiver.find(({ json }) => json.type === type && json.data.job_id === jobId),
    ),
  );
  expect(told[0]?.json.data.input_requests).toEqual({
    file: { message: 'A text.', upload: { method: 'PUT', max_bytes: 1_000 } },
  });
  const { TableNames = [] } = await aws.dynamodb.send(new ListTablesCommand());
  const tables = await Promise.all(
    TableNames.map(async (TableName) => (await aws.dynamodb.send(new ScanCommand({ TableName }))).Items),
  );
  expect(JSON.stringify(tables)).toContain(`uploads/${jobId}`);
  const deliveries = await call(client, 'list_deliveries', { job_id: jobId });
  const ended = await call(client, 'check_job', { job_id: jobId });
  const read = JSON.stringify([tables, receiver.requests, lines, deliveries, ended]);
  for (const { searchParams } of urls) {
    for (const name of ['X-Amz-Signature', 'X-Amz-Security-Token']) {
      const secret = searchParams.get(name) ?? '';
      expect([name, secret.length > 20, read.includes(secret)]).toEqual([name, true, false]);
    }
  }
  expect(read).not.toContain('X-Amz-');
});
