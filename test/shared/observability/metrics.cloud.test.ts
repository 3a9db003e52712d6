/** Compares the metrics that the functions write with what happened: jobs of every ending, polls, waits and a webhook. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@modelcontextprotocol/client';
import type { LocalCloud } from '../../../local/cloud.ts';
import { type MetricDocument, readMetricDocument, sumsOf, valuesOf } from '../../support/metric-documents.ts';
import { apiClient } from '../../support/openapi.ts';
import { type RecordingReceiver, startRecordingReceiver } from '../../support/recording-receiver.ts';
import { connect, startTestCloud } from '../../support/test-cloud.ts';

const OWNER = 'owner-of-metrics';
const KEY = 'a-key-of-the-caller';

let cloud: LocalCloud;
let client: Client;
let receiver: RecordingReceiver;
let documents: MetricDocument[];
/** What the client has received. */
const seen = { calls: 0, tokens: 0, polls: 0 };

beforeAll(async () => {
  documents = [];
  // Jobs and deliveries of other files would count.
  cloud = await startTestCloud({
    allowLoopbackWebhooks: true,
    onLog: (_name, line) => {
      const document = readMetricDocument(line);
      if (document) documents.push(document);
    },
  });
  client = await connect(cloud, { owner: OWNER });
  receiver = await startRecordingReceiver();
});
afterAll(async () => {
  receiver.close();
  await client.close();
  await cloud.close();
});

// biome-ignore lint/suspicious/noExplicitAny: responses are checked field by field
async function call(name: string, args: Record<string, unknown> = {}): Promise<any> {
  const { content, structuredContent, isError } = await client.callTool({ name, arguments: args });
  const data = Object(structuredContent);
  seen.calls += 1;
  seen.tokens += content.reduce(
    (sum, block) => sum + (block.type === 'text' ? Math.ceil(Buffer.byteLength(block.text) / 4) : 0),
    0,
  );
  if (name === 'check_job' && !isError) seen.polls += 1;
  return data;
}

const poll = (job_id: string, wait_seconds = 0) =>
  call('check_job', { job_id, wait_seconds, include: ['details'] });

/** Waits for the documents of the stream, and returns the sums of all. */
async function sumsWhen(isDone: (sums: Readonly<Record<string, number>>) => boolean) {
  for (const giveUpAt = Date.now() + 20_000; Date.now() < giveUpAt; await delay(100)) {
    if (isDone(sumsOf(documents))) break;
  }
  // Time for what must not come.
  await delay(500);
  return sumsOf(documents);
}

test('the metrics are exactly what happened', async () => {
  const options = { idempotency_key: KEY, callback_url: receiver.url, callback_events: ['job.completed'] };
  const completed = await call('start_four_steps', { wait_seconds: 20, job_options: options });
  const failed = await call('start_probe', { behaviour: 'fail', wait_seconds: 20 });
  const retried = await call('retry_job', { job_id: failed.job_id });
  await poll(retried.job_id, 20);
  const waiting = await call('start_probe', { behaviour: 'wait' });
  while ((await poll(waiting.job_id)).status !== 'running') await delay(200);
  await call('cancel_job', { job_id: waiting.job_id });
  const asking = await call('start_ask', { wait_seconds: 20 });
  await call('answer_job', {
    job_id: asking.job_id,
    answers: {
      approve: { action: 'accept', content: { approve: true } },
      paint: { action: 'accept', content: { colour: 'red' } },
    },
  });
  const answered = await poll(asking.job_id, 20);
  expect([completed.status, failed.status, answered.status]).toEqual(['completed', 'failed', 'completed']);
  // Not the start's job again, and no start at all.
  await call('start_four_steps', { job_options: options });
  await call('nap', { ms: 10 });
  await call('check_job', { job_id: '7d5fbf9e-0000-4000-8000-000000000001' });
  await expect(client.callTool({ name: 'start_everything', arguments: {} })).rejects.toThrow('Unknown tool');
  for (let polls = 0; polls < 3; polls++) await poll(completed.job_id);
  await receiver.find(() => true);

  const sums = await sumsWhen(
    ({ JobsCompleted = 0, JobsFailed = 0, JobsCancelled = 0, WebhookSuccesses = 0 }) =>
      JobsCompleted + JobsFailed + JobsCancelled === 5 && WebhookSuccesses === 1,
  );
  const named = (...names: readonly string[]) =>
    Object.fromEntries(Object.entries(sums).filter(([key]) => names.includes(key.split(' ')[0] ?? '')));
  expect(named('JobsCreated', 'JobsRetried', 'JobsStarted')).toEqual({
    JobsCreated: 5,
    'JobsCreated four_steps': 1,
    'JobsCreated probe': 3,
    'JobsCreated ask': 1,
    JobsRetried: 1,
    'JobsRetried probe': 1,
    JobsStarted: 5,
    'JobsStarted four_steps': 1,
    'JobsStarted probe': 3,
    'JobsStarted ask': 1,
  });
  expect(named('JobsCompleted', 'JobsFailed', 'JobsCancelled', 'ExecutionFailures')).toEqual({
    JobsCompleted: 2,
    'JobsCompleted four_steps': 1,
    'JobsCompleted ask': 1,
    JobsFailed: 2,
    'JobsFailed probe': 2,
    JobsCancelled: 1,
    'JobsCancelled probe': 1,
  });
  expect(documents.flatMap((each) => (each.JobsFailed ? each.codes : []))).toEqual([
    'SCRIPT_FAILED',
    'SCRIPT_FAILED',
  ]);
  expect(named('StartsAccepted', 'Polls', 'Waits', 'LimitRefusals', 'RequestErrors', 'StartsQueued')).toEqual(
    {
      StartsAccepted: 5,
      'StartsAccepted four_steps': 1,
      'StartsAccepted probe': 3,
      'StartsAccepted ask': 1,
      Polls: seen.polls,
      'Polls four_steps': 3,
      'Polls probe': expect.any(Number),
      'Polls ask': 1,
      Waits: expect.any(Number),
    },
  );
  expect(named('WebhookSuccesses', 'WebhooksAbandoned')).toEqual({
    WebhookSuccesses: receiver.requests.length,
  });
  expect(named('ResultTokens')).toEqual({ ResultTokens: seen.tokens });

  const timesOf = (name: string, operation?: string) =>
    documents
      .filter((each) => operation === undefined || each.operation === operation)
      .flatMap((each) => valuesOf(each, name));
  const { data } = await apiClient(cloud, OWNER)(`GET /jobs/${completed.job_id}`);
  const sinceCreation = (time: string) => Date.parse(time) - Date.parse(data.created_at);
  expect(timesOf('JobDuration', 'four_steps')).toEqual([sinceCreation(data.ended_at)]);
  expect(timesOf('QueuedTime', 'four_steps')).toEqual([data.timeline.queued_ms]);
  expect(timesOf('InputWaitTime')).toHaveLength(1);
  expect(timesOf('StartTime')).toHaveLength(5);
  // A retry or an answered job may have ended before its poll.
  expect(timesOf('WaitTime').length).toBeGreaterThanOrEqual(3);
  expect(timesOf('WaitTime')).toHaveLength(sums.Waits ?? 0);
  const [latencyMs = -1] = timesOf('WebhookLatency');
  expect(latencyMs).toBeGreaterThanOrEqual(0);
  // Requests without a wait, a stream or a synchronous operation: also those that are no calls of tools.
  expect(timesOf('RequestTime').length).toBeGreaterThanOrEqual(seen.calls - 6);
});

test('no dimension has a value of a caller', () => {
  const directives = documents.flatMap(({ _aws }) => _aws.CloudWatchMetrics);
  const names = new Set(directives.flatMap(({ Dimensions }) => Dimensions.flat()));
  expect([...names].sort()).toEqual(['operation', 'service']);
  expect(new Set(documents.map(({ service }) => service)).size).toBe(1);
  const operations = new Set(documents.flatMap(({ operation }) => operation ?? []));
  expect([...operations].sort()).toEqual(['ask', 'four_steps', 'nap', 'probe']);
  const text = JSON.stringify(documents);
  for (const secret of [OWNER, KEY, receiver.url, 'start_everything']) expect(text).not.toContain(secret);
});

test('an invocation writes one document', () => {
  const requests = documents.filter(({ ResultTokens }) => ResultTokens !== undefined);
  expect(new Set(requests.map(({ request_id }) => request_id)).size).toBe(requests.length);
  expect(requests).toHaveLength(seen.calls);
});
