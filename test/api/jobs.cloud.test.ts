/** Tests jobs over plain HTTP: the same views as the tools, made for polling. */
import { randomUUID } from 'node:crypto';
import type { Client } from '@modelcontextprotocol/client';
import type { LocalCloud } from '../../local/cloud.ts';
import { type ApiCall, apiClient } from '../support/openapi.ts';
import { type RecordingReceiver, startRecordingReceiver } from '../support/recording-receiver.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { call, connect } from '../support/test-cloud.ts';
import { openStores, type Stores, seedDeliveries } from './webhook-stores.ts';

let cloud: LocalCloud;
let client: Client;
let api: ApiCall;
let receiver: RecordingReceiver;
let stores: Stores;

beforeAll(async () => {
  cloud = await sharedCloud();
  client = await connect(cloud, { owner: 'alice' });
  api = apiClient(cloud, 'alice');
  receiver = await startRecordingReceiver();
  stores = await openStores(cloud);
});
afterAll(async () => {
  stores.close();
  receiver.close();
  await client.close();
});

async function start(tool: string, args: Record<string, unknown> = {}): Promise<string> {
  return (await call(client, tool, args)).data.job_id;
}

describe('a job', () => {
  test('has the same view as check_job with details and the timeline, and its receipt and trace', async () => {
    const jobId = await start('start_echo', { text: 'hello', wait_seconds: 30 });
    const include = ['details', 'timeline'];
    const { data: checked } = await call(client, 'check_job', { job_id: jobId, include });
    const { status, data, headers } = await api(`GET /jobs/${jobId}`);
    expect(status).toBe(200);
    const { receipt, trace, ...view } = data;
    expect(view).toEqual(checked);
    expect(trace).toEqual({ trace_id: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(receipt).toMatchObject({ total_usd: expect.any(Number), region: 'us-east-1' });
    const lines = receipt.lines.map(({ what, quantity }: Record<string, unknown>) => [what, quantity]);
    expect(lines).toContainEqual(['Step Functions: state transitions', 1]);
    expect(lines).toContainEqual(['Lambda: function of the steps', expect.any(Number)]);
    expect(headers.get('cache-control')).toBe('private, no-cache');
  });

  test('has an etag, and gives 304 for it until the job changes', async () => {
    const jobId = await start('start_probe', { behaviour: 'wait' });
    // After its progress report the job writes nothing more.
    while ((await call(client, 'check_job', { job_id: jobId })).data.progress === 0);
    const first = await api(`GET /jobs/${jobId}`);
    const etag = first.headers.get('etag') ?? '';
    for (const tags of [etag, `W/${etag}`, `"other", ${etag}`, '*', `"a",W/${etag} , "b"`]) {
      const again = await api(`GET /jobs/${jobId}`, { headers: { 'if-none-match': tags } });
      expect([tags, again.status]).toEqual([tags, 304]);
      expect(again.headers.get('etag')).toBe(etag);
      expect(Number(again.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    }
    for (const tags of ['"other"', etag.replaceAll('"', ''), 'W/', '', '"*"']) {
      const again = await api(`GET /jobs/${jobId}`, { headers: { 'if-none-match': tags } });
      expect([tags, again.status]).toEqual([tags, 200]);
    }
    await call(client, 'cancel_job', { job_id: jobId });
    const after = await api(`GET /jobs/${jobId}`, { headers: { 'if-none-match': etag } });
    expect(after).toMatchObject({ status: 200, data: { status: 'cancelled' } });
    expect(after.headers.get('etag')).not.toBe(etag);
  });

  test('has the time of the next poll in Retry-After while it is open', async () => {
    const jobId = await start('start_probe', { behaviour: 'wait' });
    const open = await api(`GET /jobs/${jobId}`);
    expect(open.headers.get('retry-after')).toBe(String(Math.ceil(open.data.poll_after_ms / 1000)));
    await call(client, 'cancel_job', { job_id: jobId });
    expect((await api(`GET /jobs/${jobId}`)).headers.has('retry-after')).toBe(false);
  });

  test.each(['fail', 'crash_always', 'large_result'])(
    'that ends with %s is as the document says',
    async (behaviour) => {
      const jobId = await start('start_probe', { behaviour, wait_seconds: 20 });
      expect((await api(`GET /jobs/${jobId}`)).data.status).toMatch(/^(completed|failed)$/);
    },
  );

  test('that is unknown, malformed or another owner’s looks the same', async () => {
    const jobId = await start('start_echo', { text: 'mine' });
    const bob = apiClient(cloud, 'bob');
    const unknown = await bob(`GET /jobs/${randomUUID()}`);
    expect(unknown).toMatchObject({ status: 404, data: { error: { code: 'JOB_NOT_FOUND' } } });
    for (const id of [jobId, 'nonsense', jobId.toUpperCase(), '%00', `${jobId}%2F..`]) {
      for (const suffix of ['', '/deliveries']) {
        const { status, data } = await bob(`GET /jobs/${id}${suffix}`);
        expect([id, status, data]).toEqual([id, 404, unknown.data]);
      }
    }
    const tagged = await bob(`GET /jobs/${jobId}`, { headers: { 'if-none-match': '*' } });
    expect(tagged.status).toBe(404);
  });
});

describe('the list', () => {
  test('has only the jobs of the owner, page by page, without gap or repeat', async () => {
    const owner = 'carol';
    const carol = await connect(cloud, { owner });
    const started: string[] = [];
    for (let count = 0; count < 7; count += 1) {
      started.push((await call(carol, 'start_echo', { text: String(count) })).data.job_id);
    }
    const listed: string[] = [];
    let cursor = '';
    do {
      const { data } = await apiClient(cloud, owner)(`GET /jobs?limit=3${cursor && `&cursor=${cursor}`}`);
      expect(data.jobs.length).toBeLessThanOrEqual(3);
      listed.push(...data.jobs.map(({ job_id }: { job_id: string }) => job_id));
      cursor = data.next_cursor ?? '';
    } while (cursor);
    expect(listed).toEqual(started.reverse());
    const { data } = await call(carol, 'list_jobs', { limit: 7 });
    expect(data.jobs.map(({ job_id }: { job_id: string }) => job_id)).toEqual(listed);
    await carol.close();
  });

  test('is filtered by operation, status and subject', async () => {
    const dora = await connect(cloud, { owner: 'dora' });
    const { data } = await call(dora, 'start_probe', { behaviour: 'fail', wait_seconds: 20 });
    await call(dora, 'start_echo', { text: 'x', wait_seconds: 20 });
    await dora.close();
    for (const [query, expected] of [
      ['behaviour=fail', [data.job_id]],
      ['operation=probe&status=failed&behaviour=fail&limit=1', [data.job_id]],
      ['behaviour=wait', []],
      ['status=running', []],
    ] as const) {
      const { data: page } = await apiClient(cloud, 'dora')(`GET /jobs?${query}`);
      expect([query, page.jobs.map(({ job_id }: { job_id: string }) => job_id)]).toEqual([query, expected]);
    }
  });

  test('shares its cursors with list_jobs', async () => {
    for (let count = 0; count < 2; count += 1) await start('start_echo', { text: 'x' });
    const { data } = await call(client, 'list_jobs', { limit: 1 });
    const next = await api(`GET /jobs?limit=1&cursor=${data.next_cursor}`);
    expect(next.data.jobs[0].job_id).not.toBe(data.jobs[0].job_id);
  });

  test.each([
    ['limit=0', 'INVALID_ARGUMENTS', 'limit: must be a whole number from 1 to 100.'],
    ['limit=101', 'INVALID_ARGUMENTS', 'limit:'],
    ['limit=1e1', 'INVALID_ARGUMENTS', 'limit:'],
    ['limit=', 'INVALID_ARGUMENTS', 'limit:'],
    ['limit=-1', 'INVALID_ARGUMENTS', 'limit:'],
    ['limit=1&limit=2', 'INVALID_ARGUMENTS', 'limit:'],
    ['operation=ecko', 'INVALID_ARGUMENTS', 'operation: must be one of '],
    ['status=done', 'INVALID_ARGUMENTS', 'status: Invalid option: expected one of "pending"'],
    ['behaviour=', 'INVALID_ARGUMENTS', 'behaviour:'],
    ['page=2', 'INVALID_ARGUMENTS', '"page"'],
    ['__proto__=1', 'INVALID_ARGUMENTS', '"__proto__"'],
    ['constructor=1', 'INVALID_ARGUMENTS', '"constructor"'],
    ['cursor=nonsense', 'INVALID_CURSOR', 'cursor:'],
    ['cursor=', 'INVALID_CURSOR', 'cursor:'],
    [
      `cursor=${Buffer.from('{"createdAt":"9","jobId":"x"}').toString('base64url')}`,
      'INVALID_CURSOR',
      'cursor:',
    ],
  ])('refuses ?%s', async (query, code, message) => {
    const { status, data } = await api(`GET /jobs?${query}`);
    expect([status, data.error.code]).toEqual([400, code]);
    expect(data.error.message).toContain(message);
  });
});

describe('the deliveries of a job', () => {
  test('are those to its callback, with the response of the receiver', async () => {
    const jobId = await start('start_echo', { text: 'x', callback_url: receiver.url });
    await receiver.find(({ json }) => json.data?.job_id === jobId);
    let delivery: Record<string, unknown> = {};
    while (delivery.status !== 'delivered') {
      [delivery = {}] = (await api(`GET /jobs/${jobId}/deliveries`)).data.deliveries;
    }
    expect(delivery).toMatchObject({
      job_id: jobId,
      endpoint_id: 'callbacks',
      url: receiver.url,
      event: { type: 'job.completed' },
      attempts: [{ http_status: 204, answer: '' }],
      attempt_count: 1,
    });
    const { request, ...shown } = (await api(`GET /deliveries/${delivery.delivery_id}`)).data;
    expect(shown).toEqual(delivery);
    expect(JSON.parse(request.body)).toMatchObject({ type: 'job.completed', data: { job_id: jobId } });
  });

  test('come page by page, in the order of the events', async () => {
    const jobId = await start('start_echo', { text: 'x' });
    const seeded = await seedDeliveries(stores, {
      owner: 'alice',
      endpointId: 'ep_any',
      count: 12,
      fromMs: Date.now() - 60_000,
      jobId,
    });
    const listed: string[] = [];
    let cursor = '';
    do {
      const { data } = await api(`GET /jobs/${jobId}/deliveries?limit=5${cursor && `&cursor=${cursor}`}`);
      listed.push(...data.deliveries.map(({ event }: { event: { id: string } }) => event.id));
      cursor = data.next_cursor ?? '';
    } while (cursor);
    expect(listed).toEqual(seeded.map(({ event }) => event.id));
  });

  test.each(['limit=51', 'since=2026-01-01', 'cursor=nonsense'])('refuses ?%s', async (query) => {
    const jobId = await start('start_echo', { text: 'x' });
    expect((await api(`GET /jobs/${jobId}/deliveries?${query}`)).status).toBe(400);
  });
});

test('a client that polls the same job too often gets the time to wait', async () => {
  // As deployed: once a second after a burst of ten.
  const deployed = await sharedCloud('app');
  const url = new URL(`/jobs/${randomUUID()}`, deployed.url);
  const responses: Response[] = [];
  for (let index = 0; index < 12; index += 1) responses.push(await fetch(url));
  expect(responses.map(({ status }) => status).slice(0, 10)).toEqual(Array(10).fill(404));
  expect(responses[11]?.status).toBe(429);
  expect(Number(responses[11]?.headers.get('retry-after'))).toBe(1);
  expect(await responses[11]?.json()).toMatchObject({
    error: { code: 'RESOURCE_EXHAUSTED', retryable: true, details: { limit: 'checks_per_second' } },
  });
});
