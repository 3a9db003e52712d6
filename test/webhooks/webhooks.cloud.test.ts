/** Tests webhooks end to end, from a job to a receiver: stream, queue, functions and API. */
import { createPublicKey, verify } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { GetQueueAttributesCommand, ListQueuesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Client } from '@modelcontextprotocol/client';
import { Webhook } from 'standardwebhooks';
import type { LocalCloud } from '../../local/cloud.ts';
import { CallCounter } from '../support/call-counter.ts';
import { type RecordingReceiver, startRecordingReceiver } from '../support/recording-receiver.ts';
import { awsClients, call, connect, signedAs, startTestCloud } from '../support/test-cloud.ts';

const counter = new CallCounter();
let cloud: LocalCloud;
let client: Client;
let receiver: RecordingReceiver;
let sqs: SQSClient;

beforeAll(async () => {
  cloud = await startTestCloud({ allowLoopbackWebhooks: true, onAwsCall: counter.count });
  client = await connect(cloud);
  ({ sqs } = awsClients(cloud));
});
beforeEach(async () => {
  receiver = await startRecordingReceiver();
});
afterEach(() => receiver.close());
afterAll(async () => {
  sqs.destroy();
  await client.close();
  await cloud.close();
});

async function api(method: string, path: string, body?: object, owner?: string) {
  const response = await fetch(new URL(path, cloud.url), {
    method,
    headers: {
      'content-type': 'application/json',
      ...(owner !== undefined && { authorization: signedAs(owner) }),
    },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, json: text ? JSON.parse(text) : undefined };
}

const isEndOf = (jobId: string) => (request: RecordingReceiver['requests'][number]) =>
  request.json.data?.job_id === jobId && request.json.type === 'job.completed';

async function deadLetters(): Promise<number> {
  const { QueueUrls = [] } = await sqs.send(
    new ListQueuesCommand({ QueueNamePrefix: 'WebhooksDeadLetters' }),
  );
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: QueueUrls[0], AttributeNames: ['All'] }),
  );
  return Number(Attributes?.ApproximateNumberOfMessages);
}

test('a start with a callback_url confirms it, and the URL is called when the job ends', async () => {
  const { data } = await call(client, 'start_echo', { text: 'hello', callback_url: receiver.url });
  expect(data).toMatchObject({ status: 'pending', will_callback: true });
  const { json } = await receiver.find(isEndOf(data.job_id));
  expect(json.data).toMatchObject({ status: 'completed', progress: 1, result: { text: 'hello' } });
  expect(receiver.requests.map(({ json: { type } }) => type)).toEqual(['job.completed']);
});

test('callback_events selects the events', async () => {
  const { data } = await call(client, 'start_echo', {
    text: 'hello',
    callback_url: receiver.url,
    callback_events: ['job.created', 'job.completed'],
  });
  await receiver.find(isEndOf(data.job_id));
  await receiver.find(({ json }) => json.type === 'job.created');
  expect(receiver.requests).toHaveLength(2);
});

test('without a callback_url no callback is confirmed, and SQS is not called', async () => {
  counter.reset();
  const { data } = await call(client, 'start_echo', { text: 'hello', wait_seconds: 20 });
  expect(data.will_callback).toBeUndefined();
  // After the event is on the topic, the events function has finished.
  while ((counter.counts['sns:PublishBatch'] ?? 0) === 0) await delay(20);
  const calls = Object.keys(counter.counts).filter((name) => name.startsWith('sqs:Send'));
  expect(calls).toEqual([]);
});

describe('signatures', () => {
  const headersOf = (request: RecordingReceiver['requests'][number]) => ({ ...request.headers });

  test('the standardwebhooks library verifies v1 with the secret and rejects any change', async () => {
    const { json } = await api('POST', '/callback-secret');
    const { data } = await call(client, 'start_echo', { text: 'signed', callback_url: receiver.url });
    const request = await receiver.find(isEndOf(data.job_id));
    const webhook = new Webhook(json.secret);
    expect(webhook.verify(request.body, headersOf(request))).toMatchObject({ type: 'job.completed' });
    expect(() => webhook.verify(request.body.replace('signed', 'forged'), headersOf(request))).toThrow();
    const stale = String(Number(request.headers['webhook-timestamp']) - 301);
    expect(() =>
      webhook.verify(request.body, { ...headersOf(request), 'webhook-timestamp': stale }),
    ).toThrow();
    expect(() => new Webhook(`whsec_${'A'.repeat(43)}=`).verify(request.body, headersOf(request))).toThrow();
  });

  test('node verifies v1a with the published key and rejects any change', async () => {
    const { json } = await api('GET', '/.well-known/webhook-keys');
    const { data } = await call(client, 'start_echo', { text: 'signed', callback_url: receiver.url });
    const request = await receiver.find(isEndOf(data.job_id));
    const {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': header = '',
    } = request.headers;
    const [, signature = ''] = /v1a,(\S+)/.exec(header) ?? [];
    const key = createPublicKey({ key: json.keys[0], format: 'jwk' });
    const isSigned = (text: string) => verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'));
    expect(isSigned(`${id}.${timestamp}.${request.body}`)).toBe(true);
    expect(isSigned(`${id}.${timestamp}.${request.body.replace('signed', 'forged')}`)).toBe(false);
    expect(isSigned(`${id}.${Number(timestamp) + 1}.${request.body}`)).toBe(false);
  });

  test('after a rotation a receiver verifies with either secret', async () => {
    const before = (await api('POST', '/callback-secret')).json.secret;
    const after = (await api('POST', '/callback-secret')).json.secret;
    const { data } = await call(client, 'start_echo', { text: 'x', callback_url: receiver.url });
    const request = await receiver.find(isEndOf(data.job_id));
    for (const secret of [before, after]) {
      expect(new Webhook(secret).verify(request.body, headersOf(request))).toBeTruthy();
    }
  });
});

describe('endpoints', () => {
  test('a registered endpoint gets its events, and list_deliveries shows them', async () => {
    const { json } = await api('POST', '/endpoints', {
      url: receiver.url,
      events: ['job.completed'],
      operations: ['echo'],
    });
    await call(client, 'start_probe', { behaviour: 'fail', wait_seconds: 20 });
    const { data } = await call(client, 'start_echo', { text: 'x', wait_seconds: 20 });
    const request = await receiver.find(isEndOf(data.job_id));
    expect(() => new Webhook(json.secret).verify(request.body, { ...request.headers })).not.toThrow();
    expect(receiver.requests).toHaveLength(1);
    let listed = await call(client, 'list_deliveries', { job_id: data.job_id });
    while (listed.data.deliveries[0]?.status === 'pending') {
      listed = await call(client, 'list_deliveries', { job_id: data.job_id });
    }
    expect(listed.data.deliveries).toMatchObject([
      {
        endpoint_id: json.endpoint.endpoint_id,
        event: 'job.completed',
        status: 'delivered',
        attempts: [{ http_status: 204 }],
      },
    ]);
    expect(listed.text).toContain('delivered (last attempt: 204)');
    await api('DELETE', `/endpoints/${json.endpoint.endpoint_id}`);
  });

  test('another owner sees none of it', async () => {
    const { data } = await call(client, 'start_echo', { text: 'x', callback_url: receiver.url });
    await receiver.find(isEndOf(data.job_id));
    const mallory = await connect(cloud, { owner: 'mallory' });
    const listed = await call(mallory, 'list_deliveries', { job_id: data.job_id });
    expect(listed.data).toMatchObject({ deliveries: [], has_more: false });
    await mallory.close();
  });

  test('one call replays a delivery from the dead-letter queue, and it arrives', async () => {
    receiver.status = 500;
    const { data } = await call(client, 'start_echo', { text: 'x', callback_url: receiver.url });
    while ((await deadLetters()) === 0) await delay(250);
    const { json } = await api('GET', `/jobs/${data.job_id}/deliveries`);
    expect(json.deliveries).toMatchObject([{ status: 'failed', attempt_count: 10 }]);
    receiver.status = 204;
    const arrivedBefore = receiver.requests.length;
    const replayed = await api('POST', `/deliveries/${json.deliveries[0].delivery_id}/replay`);
    expect(replayed.status).toBe(202);
    await receiver.find((request) => receiver.requests.indexOf(request) >= arrivedBefore);
    let status = 'pending';
    while (status === 'pending') {
      [{ status }] = (await api('GET', `/jobs/${data.job_id}/deliveries`)).json.deliveries;
    }
    expect(status).toBe('delivered');
    expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  }, 90_000);
});

describe('what is refused', () => {
  const jobsOf = async () => (await call(client, 'list_jobs', { limit: 100 })).data.jobs.length;

  test.each([
    ['no URL', { callback_url: 'example' }, 'URL_REFUSED'],
    ['plain http to the world', { callback_url: 'http://example.com/' }, 'URL_REFUSED'],
    ['the metadata address', { callback_url: 'https://169.254.169.254/latest' }, 'URL_REFUSED'],
    ['credentials', { callback_url: 'https://user:pass@example.com/' }, 'URL_REFUSED'],
    ['events without a URL', { callback_events: ['job.failed'] }, 'INVALID_ARGUMENTS'],
    [
      'an unknown event',
      { callback_url: 'https://example.com', callback_events: ['job.born'] },
      'INVALID_ARGUMENTS',
    ],
  ])('%s, and no job is made', async (_what, args, code) => {
    const before = await jobsOf();
    const { isError, data } = await call(client, 'start_echo', { text: 'x', ...args });
    expect([isError, data.error.code]).toEqual([true, code]);
    expect(await jobsOf()).toBe(before);
  });

  test('the same idempotency key with another callback is a different request', async () => {
    const args = { text: 'x', idempotency_key: 'with-callback', callback_url: receiver.url };
    const first = await call(client, 'start_echo', args);
    const same = await call(client, 'start_echo', args);
    expect(same.data.job_id).toBe(first.data.job_id);
    const other = await call(client, 'start_echo', { ...args, callback_url: `${receiver.url}/2` });
    expect(other.data.error.code).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  test('a webhook to loopback is refused without the option of the local cloud', async () => {
    const closed = await startTestCloud();
    const guest = await connect(closed);
    const { data } = await call(guest, 'start_echo', { text: 'x', callback_url: receiver.url });
    expect(data.error.code).toBe('URL_REFUSED');
    await guest.close();
    await closed.close();
  });
});
