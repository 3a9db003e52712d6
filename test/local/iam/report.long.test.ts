/** Nothing is granted for no reason: what the stack's flows leave unused is listed here, each with why it is there. */
import { setTimeout as delay } from 'node:timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { Client } from '@modelcontextprotocol/client';
import * as z from 'zod';
import type { LocalCloud } from '../../../local/cloud.ts';
import { unusedActions } from '../../../local/iam/report.ts';
import { invokeCanary } from '../../support/canary.ts';
import { type EventReceiver, startEventReceiver } from '../../support/event-receiver.ts';
import { apiClient } from '../../support/openapi.ts';
import { type RecordingReceiver, startRecordingReceiver } from '../../support/recording-receiver.ts';
import { awsClients, call, connect, fileUrl, queueUrl, startTestCloud } from '../../support/test-cloud.ts';

let cloud: LocalCloud;
let client: Client;
let receiver: RecordingReceiver;
let subscriber: EventReceiver;

beforeAll(async () => {
  cloud = await startTestCloud({ allowLoopbackWebhooks: true });
  client = await connect(cloud);
  receiver = await startRecordingReceiver();
  subscriber = await startEventReceiver();
});
afterAll(async () => {
  receiver.close();
  subscriber.close();
  await client.close();
  await cloud.close();
});

async function api(method: string, path: string, body?: object) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(new URL(path, cloud.url), {
    method,
    headers,
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  expect([path, response.ok]).toEqual([path, true]);
  return text ? JSON.parse(text) : undefined;
}

function request(method: string, params: Record<string, unknown>) {
  // biome-ignore lint/suspicious/noExplicitAny: answers differ by method
  return client.request({ method, params }, z.looseObject({})) as Promise<any>;
}

/** Links are worth what the role that has signed them may do. */
async function follow(...urls: readonly string[]): Promise<void> {
  expect(urls).not.toEqual([]);
  for (const url of urls) expect((await fetch(url)).status).toBe(200);
}

/** Until the delivery is over. */
async function deliveryOf(jobId: string) {
  for (;;) {
    const { deliveries } = await api('GET', `/jobs/${jobId}/deliveries`);
    if (deliveries[0] && deliveries[0].status !== 'pending') return deliveries[0];
    await delay(100);
  }
}

async function runJobs(): Promise<void> {
  const { data: big } = await call(client, 'start_probe', { behaviour: 'large_result', wait_seconds: 20 });
  await follow(await fileUrl(client, big.job_id, 'result.json'));
  for (const behaviour of ['crash_always', 'fail']) {
    const { data } = await call(client, 'start_probe', { behaviour, wait_seconds: 20 });
    if (behaviour === 'fail') await api('POST', `/jobs/${data.job_id}/retry`);
  }
  // The steps add their names, which the request leaves out.
  const url = new URL('/.well-known/webhook-keys#', cloud.url);
  const { data: passed } = await call(client, 'start_relay', { url, wait_seconds: 20 });
  const { data: again } = await call(client, 'retry_job', { job_id: passed.job_id, from_step: 'two' });
  await call(client, 'check_job', { job_id: again.job_id, wait_seconds: 20 });
  await call(client, 'start_echo', { text: 'x', wait_seconds: 20 });
  await call(client, 'start_chore', { url: receiver.url, text: 'x', behaviour: 'plain', wait_seconds: 20 });
  const endThrottling = cloud.throttle('StartExecution');
  const { data: throttled } = await call(client, 'start_echo', { text: 'x' });
  endThrottling();
  await call(client, 'check_job', { job_id: throttled.job_id, wait_seconds: 20 });
  const { data: asking } = await call(client, 'start_ask', { wait_seconds: 20 });
  await api('POST', `/jobs/${asking.job_id}/answers`, { answers: { paint: { action: 'cancel' } } });
  const approve = { action: 'accept', content: { approve: true } };
  await call(client, 'answer_job', { job_id: asking.job_id, answers: { approve } });
  await call(client, 'check_job', { job_id: asking.job_id, wait_seconds: 20 });
  const { data: taking } = await call(client, 'start_take', { wait_seconds: 20 });
  await fetch(taking.input_requests.file.upload.url, { method: 'PUT', body: 'x' });
  const takes = { job_id: taking.job_id, wait_seconds: 20 };
  while ((await call(client, 'check_job', takes)).data.status !== 'completed');
  const { data: byHttp } = await call(client, 'start_take', { wait_seconds: 20 });
  const { input_requests } = await api('GET', `/jobs/${byHttp.job_id}`);
  await fetch(input_requests.file.upload.url, { method: 'PUT', body: 'x' });
  await call(client, 'start_four_steps', { wait_seconds: 20 });
  await call(client, 'nap', { ms: 0 });
  await call(client, 'count', { to: 15, each_ms: 100, wait_seconds: 20 });
  // This client cannot ask its user: the call becomes a job, which asks.
  const { data: inquiring } = await call(client, 'inquire', { wait_seconds: 20 });
  await call(client, 'answer_job', { job_id: inquiring.job_id, answers: { colour: { action: 'decline' } } });
  await call(client, 'check_job', { job_id: inquiring.job_id, wait_seconds: 20 });
  const { s3 } = awsClients(cloud);
  const Key = 'projects/original.txt';
  await s3.send(new PutObjectCommand({ Bucket: cloud.outputs.WorkspaceBucketName, Key, Body: 'x' }));
  s3.destroy();
  for (const behaviour of ['copy', 'name_a_foreign_file']) {
    await call(client, 'start_confined', { behaviour, wait_seconds: 20 });
  }
  // Until it has looked whether it is to go on.
  const { data: waiting } = await call(client, 'start_probe', { behaviour: 'wait', wait_seconds: 4 });
  await call(client, 'cancel_job', { job_id: waiting.job_id });
  const { data: stopped } = await call(client, 'start_probe', { behaviour: 'wait' });
  await api('POST', `/jobs/${stopped.job_id}/cancel`);
  await call(client, 'list_jobs');
  await api('GET', '/jobs');
  const { files } = await api('GET', `/jobs/${big.job_id}`);
  await follow(...files.map(({ url }: { readonly url: string }) => url));
}

/** Those whose state machine is not ours. */
async function runExternal(): Promise<void> {
  await call(client, 'quote', { product: 'tea' });
  await call(client, 'start_report', { ends: 'refused', wait_seconds: 20 });
  const padding = 'x'.repeat(55_000);
  await call(client, 'start_report', { copies: 'four', padding, wait_seconds: 20 });
  const { data } = await call(client, 'start_report', { seconds: 60 });
  // Looked at once in two seconds.
  await call(client, 'check_job', { job_id: data.job_id, wait_seconds: 3 });
  await delay(2_100);
  await api('GET', `/jobs/${data.job_id}`);
  await call(client, 'cancel_job', { job_id: data.job_id });
}

/** Dead letters are looked at only when there are some. */
async function runOperator(): Promise<void> {
  const { sqs } = awsClients(cloud);
  const QueueUrl = queueUrl(cloud, cloud.outputs.DeliveryDeadLettersArn);
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '{}' }));
  sqs.destroy();
  const operator = apiClient(cloud, 'operator');
  const { data: waiting } = await call(client, 'start_probe', { behaviour: 'wait' });
  const { data } = await call(client, 'start_echo', { text: 'x', callback_url: receiver.url });
  const { delivery_id } = await deliveryOf(data.job_id);
  const { owner } = (await operator(`GET /operator/jobs/${waiting.job_id}`)).data;
  for (const [path, status] of [
    ['GET /operator/jobs', 200],
    [`GET /operator/jobs?owner=${encodeURIComponent(owner)}`, 200],
    ['GET /operator/findings', 200],
    ['GET /operator/dead-letters', 200],
    [`POST /operator/jobs/${waiting.job_id}/cancel`, 200],
    [`POST /operator/deliveries/${delivery_id}/replay`, 202],
  ] as const) {
    expect([path, (await operator(path)).status]).toEqual([path, status]);
  }
}

async function runWebhooks(): Promise<void> {
  await api('POST', '/callback-secret');
  await api('GET', '/.well-known/webhook-keys');
  const { endpoint } = await api('POST', '/endpoints', { url: receiver.url, events: ['job.completed'] });
  const path = `/endpoints/${endpoint.endpoint_id}`;
  await api('GET', '/endpoints');
  await api('PATCH', path, { description: 'changed' });
  await api('POST', `${path}/test`);
  await api('POST', `${path}/secret`);
  const { data } = await call(client, 'start_echo', { text: 'x', wait_seconds: 20 });
  const { delivery_id } = await deliveryOf(data.job_id);
  await call(client, 'list_deliveries', { job_id: data.job_id });
  await api('GET', `/deliveries/${delivery_id}`);
  await api('GET', `${path}/deliveries`);
  await api('POST', `/deliveries/${delivery_id}/replay`);
  await api('DELETE', path);
  // It is given up after ten attempts.
  receiver.status = 500;
  const callback_url = receiver.url;
  const { data: hopeless } = await call(client, 'start_echo', { text: 'x', callback_url });
  expect(await deliveryOf(hopeless.job_id)).toMatchObject({ status: 'failed' });
}

async function runEvents(): Promise<void> {
  const name = 'job.completed';
  const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
  const { url } = subscriber;
  await request('events/subscribe', { name, delivery: { mode: 'webhook', url, secret } });
  let { cursor, events } = await request('events/poll', { name, cursor: null });
  await call(client, 'start_echo', { text: 'x', wait_seconds: 20 });
  while (events.length === 0) {
    await delay(500);
    ({ cursor, events } = await request('events/poll', { name, cursor }));
  }
  await request('events/unsubscribe', { name, delivery: { url } });
}

/** Why an action is granted that nothing here uses. */
const WHY = {
  cancelled: 'A job that is cancelled in the moment that it is started is no flow of this test.',
  due: 'The function is due every few minutes, for which this test does not wait.',
  fault: 'What cannot be handed on in a day goes to dead letters, for which this test does not wait.',
  files:
    'Every operation may have files and may be cut; those of this catalogue that have none do not show it.',
  gateway: 'The local gateway lets in everybody who signs.',
  grantRead: 'The grant to read a secret has it, of the CDK.',
  grantSend: 'The grant to send messages has it, of the CDK.',
  listBucket: 'S3 says 404 of an object that is not there, in place of 403, only to those who may list.',
  refused: 'Step Functions refuses no start of this test for good.',
  short: 'A step of less than ten seconds reports only its begin and its end.',
  throttled: 'Step Functions throttles no stop of this test.',
  poller: 'The grant of a queue to its function has it, of the CDK.',
  watched: 'Nobody subscribes to progress here.',
  retried: 'No sink of events fails in this test, so the queue of retries stays empty.',
} as const;

const SEND = { 'sqs:GetQueueAttributes': WHY.grantSend, 'sqs:GetQueueUrl': WHY.grantSend };
const FILES = { 's3:GetObject': WHY.files, 's3:ListBucket': WHY.listBucket };
/** A step that is repeated looks for the log of its earlier attempts. */
const REPEATED = { 's3:GetObject': WHY.files };
const UNCUT = { 'dynamodb:GetItem': WHY.files, 's3:PutObject': WHY.files };

/** By function, which its role is named after. */
const EXPECTED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  CanaryFunction: { 'execute-api:Invoke': WHY.gateway },
  EventsFunction: {
    ...SEND,
    'dynamodb:UpdateItem': WHY.watched,
    'sqs:ChangeMessageVisibility': WHY.poller,
    'sqs:DeleteMessage': WHY.retried,
  },
  ExecutionRecorderFunction: { 'states:StopExecution': WHY.cancelled },
  ManagementFunction: {
    ...SEND,
    's3:ListBucket': WHY.listBucket,
    'secretsmanager:DescribeSecret': WHY.grantRead,
  },
  ManagementOperatorFunction: { 'sqs:GetQueueUrl': WHY.grantSend },
  McpFunction: {
    ...SEND,
    's3:ListBucket': WHY.listBucket,
    'secretsmanager:DescribeSecret': WHY.grantRead,
  },
  ReconcilerFunction: {
    'dynamodb:GetItem': WHY.due,
    'dynamodb:Scan': WHY.due,
    'dynamodb:UpdateItem': WHY.due,
    's3:GetObject': WHY.due,
    's3:ListBucket': WHY.due,
    's3:PutObject': WHY.due,
    'states:DescribeExecution': WHY.due,
    'states:DescribeStateMachineForExecution': WHY.due,
    'states:GetExecutionHistory': WHY.due,
    'states:ListExecutions': WHY.due,
    'states:StartExecution': WHY.due,
    'states:StopExecution': WHY.due,
  },
  ExecutionQueueFunction: {
    'dynamodb:UpdateItem': WHY.refused,
    'sqs:ChangeMessageVisibility': WHY.poller,
    'sqs:GetQueueAttributes': WHY.poller,
    'sqs:GetQueueUrl': WHY.poller,
    'states:StopExecution': WHY.throttled,
  },
  Reports: {
    'dynamodb:GetItem': WHY.short,
    's3:GetObject': WHY.short,
    's3:ListBucket': WHY.listBucket,
    's3:PutObject': WHY.short,
    'secretsmanager:DescribeSecret': WHY.grantRead,
  },
  ResumerFunction: { ...SEND, 'sqs:SendMessage': WHY.fault },
  UploadsFunction: { 's3:ListBucket': WHY.listBucket },
  WebhooksDeliver: {
    ...SEND,
    'secretsmanager:DescribeSecret': WHY.grantRead,
    'sqs:ChangeMessageVisibility': WHY.poller,
  },
  WebhooksQueueWaiting: {
    ...SEND,
    'dynamodb:BatchGetItem': WHY.due,
    'dynamodb:Query': WHY.due,
    'dynamodb:UpdateItem': WHY.due,
    'sqs:SendMessage': WHY.due,
  },
  askFunction: { ...REPEATED, 's3:PutObject': WHY.files },
  choreFunction: { ...FILES, ...UNCUT },
  confinedFunction: { 's3:ListBucket': WHY.listBucket, 'secretsmanager:DescribeSecret': WHY.grantRead },
  countFunction: { ...FILES, ...UNCUT },
  echoFunction: { ...FILES, ...UNCUT },
  fourstepsFunction: { ...FILES, ...UNCUT },
  inquireFunction: { ...REPEATED, 's3:PutObject': WHY.files },
  napFunction: { ...FILES, 's3:PutObject': WHY.files },
  probeFunction: REPEATED,
  relayFunction: { 'secretsmanager:DescribeSecret': WHY.grantRead },
  takeFunction: { 's3:PutObject': WHY.files },
};

/** What Lambda and Step Functions do for logs and traces: the local cloud has no service for either. */
const isForOperators = (action: string) => /^(logs|xray):/.test(action);

/** On a busy machine a job is cancelled before its execution has begun: then the recorder stops it. */
const dependsOnTiming = (role: string, action: string) =>
  role === 'ExecutionRecorderFunction' && action === 'states:StopExecution';

test('each action that a role was granted has been used, but for these', async () => {
  await Promise.all([runJobs(), runWebhooks(), runEvents(), invokeCanary(cloud)]);
  await runExternal();
  await runOperator();
  const unused = Object.entries(unusedActions(cloud.permissions())).map(([id, actions]) => {
    const role = id.replace(/Role[0-9A-F]{8}$/, '');
    return [role, actions.filter((action) => !isForOperators(action) && !dependsOnTiming(role, action))];
  });
  const expected = Object.entries(EXPECTED)
    .map(([name, reasons]) => [
      name,
      Object.keys(reasons)
        .filter((action) => !dependsOnTiming(name, action))
        .sort(),
    ])
    .filter(([, actions]) => actions?.length);
  expect(Object.fromEntries(unused.filter(([, actions]) => actions?.length))).toEqual(
    Object.fromEntries(expected),
  );
}, 120_000);
