/** Tests answer links in webhooks: any holder of a link answers its questions, once, and nothing else. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@modelcontextprotocol/client';
import type { LocalCloud } from '../../local/cloud.ts';
import { type ApiCall, type ApiResponse, apiClient, expectValid } from '../support/openapi.ts';
import { type RecordingReceiver, startRecordingReceiver } from '../support/recording-receiver.ts';
import { modern } from '../support/rpc.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { call, connect } from '../support/test-cloud.ts';

let cloud: LocalCloud;
let client: Client;
let alice: ApiCall;
let nobody: ApiCall;
let receiver: RecordingReceiver;
const logs: string[] = [];

beforeAll(async () => {
  cloud = await sharedCloud('test', { onLog: (_name, line) => void logs.push(line) });
  client = await connect(cloud, { owner: 'alice' });
  alice = apiClient(cloud, 'alice');
  nobody = apiClient(cloud, undefined);
  receiver = await startRecordingReceiver();
});
afterAll(async () => {
  receiver.close();
  await client.close();
});

const yes = (reason = 'fine') => ({ action: 'accept', content: { approve: true, reason } });
const YES = yes();
const paint = (colour: string) => ({ action: 'accept', content: { colour } });
const [RED, GREEN] = [paint('red'), paint('green')];

/** A job that waits for answers, and the path of the link that its receiver got. */
async function asked(args: Record<string, unknown> = {}): Promise<{ jobId: string; link: string }> {
  const { data } = await call(client, 'start_ask', { callback_url: receiver.url, ...args });
  return { jobId: data.job_id, link: await linkOf(data.job_id) };
}

async function linkOf(jobId: string, from = receiver): Promise<string> {
  const { json } = await from.find(
    (request) => request.json.type === 'job.input_required' && request.json.data.job_id === jobId,
  );
  expectValid(['components', 'schemas', 'JobEvent'], json);
  const url = new URL(json.answer_url);
  expect(url.origin).toBe(new URL(cloud.url).origin);
  return url.pathname;
}

const read = (link: string) => nobody(`GET ${link}`);
const answer = (link: string, answers: unknown) => nobody(`POST ${link}`, { json: { answers } });
const byTool = (job_id: string, answers: unknown) => call(client, 'answer_job', { job_id, answers });
const end = async (job_id: string) => (await call(client, 'check_job', { job_id, wait_seconds: 20 })).data;
const outcome = ({ status, data }: ApiResponse) => [
  status,
  data.error?.code ?? Object.keys(data.input_requests),
];

test('the link alone shows the questions, and nothing else of the job', async () => {
  const { link } = await asked();
  const { status, data, headers } = await read(link);
  expect([status, data]).toEqual([
    200,
    {
      operation: 'ask',
      input_requests: {
        approve: { message: 'May it go on?', schema: expect.objectContaining({ required: ['approve'] }) },
        paint: { message: 'In which colour?', schema: expect.objectContaining({ required: ['colour'] }) },
      },
    },
  ]);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('referrer-policy')).toBe('no-referrer');
});

test('an answer by the link completes the job; a later use gets an error', async () => {
  const { jobId, link } = await asked();
  expect(outcome(await answer(link, { approve: YES, paint: RED }))).toEqual([200, []]);
  expect(await end(jobId)).toMatchObject({ status: 'completed', result: { colour: 'red' } });
  expect(outcome(await answer(link, { approve: YES, paint: GREEN }))).toEqual([409, 'JOB_ALREADY_ENDED']);
  expect(outcome(await read(link))).toEqual([409, 'JOB_ALREADY_ENDED']);
});

test('while the job continues, a second use gets INPUT_ALREADY_ANSWERED', async () => {
  // The job asks one more question: it is open, and the questions of this link are answered.
  const { link } = await asked({ more: true });
  await answer(link, { approve: YES, paint: RED });
  expect(outcome(await answer(link, { approve: YES, paint: GREEN }))).toEqual([
    409,
    'INPUT_ALREADY_ANSWERED',
  ]);
  expect(outcome(await read(link))).toEqual([409, 'INPUT_ALREADY_ANSWERED']);
});

test('reading the link changes nothing', async () => {
  const { jobId, link } = await asked();
  const tag = async () => (await alice(`GET /jobs/${jobId}`)).headers.get('etag');
  const before = await tag();
  for (let times = 0; times < 5; times++) expect((await read(link)).status).toBe(200);
  expect(await tag()).toBe(before);
  expect((await answer(link, { approve: YES, paint: RED })).status).toBe(200);
});

test('after some answers the link is valid only for the rest', async () => {
  const { jobId, link } = await asked();
  expect(outcome(await answer(link, { paint: RED }))).toEqual([200, ['approve']]);
  expect(outcome(await read(link))).toEqual([200, ['approve']]);
  expect(outcome(await answer(link, { approve: YES, paint: GREEN }))).toEqual([
    409,
    'INPUT_ALREADY_ANSWERED',
  ]);
  expect(outcome(await answer(link, { approve: YES }))).toEqual([200, []]);
  expect(await end(jobId)).toMatchObject({ status: 'completed', result: { colour: 'red' } });
});

describe('the first answer counts:', () => {
  test('after answer_job, the link gets an error', async () => {
    const { jobId, link } = await asked({ more: true });
    await byTool(jobId, { paint: RED });
    expect(outcome(await read(link))).toEqual([200, ['approve']]);
    expect(outcome(await answer(link, { paint: GREEN }))).toEqual([409, 'INPUT_ALREADY_ANSWERED']);
    await byTool(jobId, { approve: YES });
    expect(outcome(await read(link))).toEqual([409, 'INPUT_ALREADY_ANSWERED']);
    expect(outcome(await answer(link, { approve: YES }))).toEqual([409, 'INPUT_ALREADY_ANSWERED']);
  });

  test('after the link, answer_job and the API get an error, and tasks/update changes nothing', async () => {
    const { jobId, link } = await asked();
    await answer(link, { paint: RED });
    expect((await byTool(jobId, { paint: GREEN })).data.error.code).toBe('INPUT_ALREADY_ANSWERED');
    const { data } = await alice(`POST /jobs/${jobId}/answers`, { json: { answers: { paint: GREEN } } });
    expect(data.error.code).toBe('INPUT_ALREADY_ANSWERED');
    const inputResponses = { paint: GREEN, approve: YES };
    await modern(cloud, 'tasks/update', { taskId: jobId, inputResponses }, { owner: 'alice' });
    expect(await end(jobId)).toMatchObject({ status: 'completed', result: { colour: 'red' } });
  });

  test('of two concurrent uses one wins, and the other gets an error', async () => {
    const { jobId, link } = await asked();
    const uses = await Promise.all([answer(link, { paint: RED }), answer(link, { paint: GREEN })]);
    expect(uses.map(({ status }) => status).sort()).toEqual([200, 409]);
    const lost = uses.find(({ status }) => status === 409);
    expect(lost?.data.error.code).toBe('INPUT_ALREADY_ANSWERED');
    await answer(link, { approve: YES });
    expect((await end(jobId)).result.colour).toBe(lost === uses[0] ? 'green' : 'red');
  });

  test('of ten concurrent uses one wins', async () => {
    const { jobId, link } = await asked();
    const uses = await Promise.all(
      Array.from({ length: 10 }, () => answer(link, { paint: RED, approve: YES })),
    );
    expect(uses.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(new Set(uses.map(({ status }) => status))).toEqual(new Set([200, 409]));
    expect((await end(jobId)).status).toBe('completed');
  });
});

test('a later question has its own link, and the previous link does not answer it', async () => {
  const { jobId, link } = await asked({ more: true });
  await answer(link, { approve: YES, paint: RED });
  const { json } = await receiver.find(
    ({ json: { type, data } }) =>
      type === 'job.input_required' && data.job_id === jobId && 'more' in data.input_requests,
  );
  const later = new URL(json.answer_url).pathname;
  const more = { more: { action: 'accept', content: {} } };
  expect(outcome(await read(later))).toEqual([200, ['more']]);
  expect(outcome(await answer(link, more))).toEqual([409, 'INPUT_ALREADY_ANSWERED']);
  expect(outcome(await answer(later, { paint: GREEN }))).toEqual([409, 'INPUT_NOT_REQUIRED']);
  expect(outcome(await answer(later, more))).toEqual([200, []]);
  expect(await end(jobId)).toMatchObject({ status: 'completed', result: { colour: 'red' } });
});

test('a link answers only its own job', async () => {
  const [one, other] = [await asked(), await asked()];
  expect((await answer(one.link, { approve: YES, paint: RED })).status).toBe(200);
  expect(outcome(await read(other.link))).toEqual([200, ['approve', 'paint']]);
});

test('the link of a cancelled job shows and accepts nothing', async () => {
  const { jobId, link } = await asked();
  await call(client, 'cancel_job', { job_id: jobId });
  expect(outcome(await read(link))).toEqual([409, 'JOB_ALREADY_ENDED']);
  expect(outcome(await answer(link, { approve: YES }))).toEqual([409, 'JOB_ALREADY_ENDED']);
});

test('every invalid link gets exactly the same response', async () => {
  const { jobId, link } = await asked();
  const { headers } = await receiver.find(({ json }) => json.data.job_id === jobId);
  const token = link.slice('/answers/'.length);
  const [payload = '', signature = ''] = token.split('.');
  const webhookSignature = /v1a,(\S+)/.exec(headers['webhook-signature'] ?? '')?.[1] ?? '';
  const content = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const forged = (index: number, value: unknown) =>
    `${Buffer.from(JSON.stringify(content.with(index, value))).toString('base64url')}.${signature}`;
  const bad = [
    'x',
    jobId,
    payload,
    `.${signature}`,
    token.slice(0, -1),
    `${token}A`,
    `${token}.`,
    `${payload}.${signature.replaceAll(/[a-m]/g, 'n')}`,
    `${payload}.${Buffer.from(webhookSignature, 'base64').toString('base64url')}`,
    forged(0, '00000000-0000-4000-8000-000000000000'),
    forged(1, content[1] + 1),
    forged(2, content[2] + 1),
    forged(3, 'quick'),
    'A'.repeat(4_000),
    encodeURIComponent('../jobs'),
    '%00',
    '__proto__',
  ];
  const bodies = new Set<string>();
  for (const each of bad) {
    for (const { status, data, headers: sent } of [
      await read(`/answers/${each}`),
      await answer(`/answers/${each}`, { approve: YES, paint: RED }),
    ]) {
      expect([each, status]).toEqual([each, 404]);
      expect([sent.get('cache-control'), sent.get('referrer-policy')]).toEqual(['no-store', 'no-referrer']);
      bodies.add(JSON.stringify(data));
    }
  }
  expect([...bodies].map((body) => JSON.parse(body).error.code)).toEqual(['ANSWER_LINK_INVALID']);
  expect(outcome(await read(link))).toEqual([200, ['approve', 'paint']]);
});

describe('an invalid request is refused as a whole:', () => {
  let link: string;
  beforeAll(async () => {
    ({ link } = await asked());
  });
  afterEach(async () => {
    expect(outcome(await read(link))).toEqual([200, ['approve', 'paint']]);
  });

  test.each<[string, object, number, string, RegExp]>([
    [
      'content of the wrong shape',
      { approve: YES, paint: paint('blue') },
      400,
      'INVALID_ARGUMENTS',
      /answers\.paint\.content.*colour/,
    ],
    ['no answer', {}, 400, 'INVALID_ARGUMENTS', /at least one question/],
    ['another action', { approve: { action: 'maybe' } }, 400, 'INVALID_ARGUMENTS', /answers\.approve/],
    [
      'an answer to what the link is not for',
      { approve: YES, quick: YES },
      409,
      'INPUT_NOT_REQUIRED',
      /answers\.quick: this link does not cover that question\. Answer one of: approve, paint\./,
    ],
    [
      'an answer to a name that all objects know',
      { constructor: YES },
      409,
      'INPUT_NOT_REQUIRED',
      /constructor/,
    ],
  ])('%s', async (_what, answers, status, code, message) => {
    const { status: given, data } = await answer(link, answers);
    expect([given, data.error]).toEqual([
      status,
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    ]);
  });

  test('a body that is too large, is not JSON, or is not declared as JSON', async () => {
    const large = await nobody(`POST ${link}`, { json: { answers: { approve: yes('x'.repeat(70_000)) } } });
    expect(outcome(large)).toEqual([413, 'INPUT_TOO_LARGE']);
    expect(outcome(await nobody(`POST ${link}`, { text: '{' }))).toEqual([400, 'INVALID_ARGUMENTS']);
    const form = { text: 'approve=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } };
    expect(outcome(await nobody(`POST ${link}`, form))).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  });
});

test('a registered endpoint gets a link too, and its response, which can repeat the link, is not stored', async () => {
  const echoed: string[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    echoed.push(JSON.parse(body).answer_url);
    response.end(JSON.parse(body).answer_url);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const { data } = await alice('POST /endpoints', { json: { url, events: ['job.input_required'] } });
  const { jobId, link } = await asked();
  const deliveries = async () =>
    (await alice(`GET /jobs/${jobId}/deliveries`)).data.deliveries.find(
      ({ endpoint_id }: { endpoint_id: string }) => endpoint_id === data.endpoint.endpoint_id,
    );
  while ((await deliveries())?.status !== 'delivered') await delay(20);
  expect((await deliveries()).attempts).toEqual([
    expect.objectContaining({ http_status: 200, reason: expect.stringContaining('not recorded') }),
  ]);
  expect((await deliveries()).attempts[0]).not.toHaveProperty('answer');
  // The same question has the same link for every receiver.
  expect(echoed).toEqual([String(new URL(link, cloud.url))]);
  await alice(`DELETE /endpoints/${data.endpoint.endpoint_id}`);
  server.close();
});

test('no function logs a link, and the API never failed', () => {
  const signatures = receiver.requests.flatMap(({ json }) => json.answer_url?.split('.').slice(-1) ?? []);
  expect(signatures.length).toBeGreaterThan(5);
  for (const signature of signatures) expect(logs.join('\n')).not.toContain(signature);
  expect(logs.filter((line) => line.includes('management API failed'))).toEqual([]);
});
