/** The examples, run by clients as their READMEs show. One local cloud runs all of them. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@modelcontextprotocol/client';
import jpeg from 'jpeg-js';
import { type LocalCloud, startLocalCloud } from '../../local/cloud.ts';
import { AGENCY_ARN } from '../fixtures/examples/agency-arn.ts';
import { synthesizeSource } from '../support/synthesize-source.ts';
import { call, connect, fileUrl } from '../support/test-cloud.ts';

let directory: string;
let agency: Server;
let cloud: LocalCloud;
let client: Client;
/** Requests to the agency, and its responses in their order. The last one is given for ever. */
const requests: string[] = [];
let responses: readonly object[] = [];

beforeAll(async () => {
  agency = createServer(({ method, url }, response) => {
    requests.push(`${method} ${url}`);
    const body = responses[Math.min(requests.length, responses.length) - 1];
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(agency, 'listening');
  const { port } = agency.address() as AddressInfo;
  directory = await mkdtemp(join(tmpdir(), 'examples-'));
  cloud = await startLocalCloud({
    assemblyDirectory: await synthesizeSource(join(directory, 'assembly'), 'test/fixtures/examples/app.ts'),
    connections: { [AGENCY_ARN]: { headers: {}, standIn: `http://127.0.0.1:${port}` } },
  });
  client = await connect(cloud);
}, 60_000);
afterAll(async () => {
  await client.close();
  await cloud.close();
  agency.closeAllConnections();
  agency.close();
  await rm(directory, { recursive: true });
});
beforeEach(() => {
  requests.length = 0;
});

test('a client settles an invoice by a state machine that knows nothing of jobs', async () => {
  const { data: job } = await call(client, 'start_settle_invoice', {
    invoice: 'A-17',
    amount: 120,
    due_in_seconds: 12,
  });
  expect(job).toMatchObject({ status: 'pending' });
  // An external state machine's progress is read when somebody looks: look until its first state is behind it.
  const check = { job_id: job.job_id, wait_seconds: 3, include: ['details'] };
  let { data: waiting } = await call(client, 'check_job', check);
  while (waiting.progress === 0) {
    await delay(waiting.poll_after_ms);
    ({ data: waiting } = await call(client, 'check_job', check));
  }
  expect(waiting).toMatchObject({ status: 'running', step: 'Wait until due', progress: 0.25 });
  const { data: settled } = await call(client, 'check_job', { job_id: job.job_id, wait_seconds: 30 });
  expect(settled).toMatchObject({
    status: 'completed',
    result: { invoice: 'A-17', state: 'settled' },
  });

  const { text } = await call(client, 'start_settle_invoice', {
    invoice: 'A-18',
    amount: 12_000,
    due_in_seconds: 5,
    wait_seconds: 30,
  });
  expect(text).toMatch(
    /failed in step Refuse: EXECUTION_FAILED: The state machine failed with AmountTooLarge\./,
  );
  expect(text).not.toContain('treasury');
}, 60_000);

describe('convert_photo', () => {
  /** A photo whose left half is black and whose right half is white. */
  function photo(width: number, height: number): Buffer {
    const data = Buffer.alloc(width * height * 4, 255);
    for (let pixel = 0; pixel < width * height; pixel++)
      if (pixel % width < width / 2) data.fill(0, pixel * 4, pixel * 4 + 3);
    return jpeg.encode({ width, height, data }, 95).data;
  }

  async function convert(file: Uint8Array<ArrayBuffer>, args: object) {
    const { data: asked } = await call(client, 'start_convert_photo', { ...args, wait_seconds: 30 });
    expect(asked.status).toBe('input_required');
    const { url } = asked.input_requests.file.upload;
    expect((await fetch(url, { method: 'PUT', body: file })).status).toBe(200);
    let job = asked;
    // The job resumes a moment after the upload.
    for (; ['pending', 'running', 'input_required'].includes(job.status); await delay(200))
      job = (await call(client, 'check_job', { job_id: asked.job_id, wait_seconds: 30 })).data;
    return job;
  }

  test('takes a photo, and returns it with the width that the caller wants', async () => {
    const job = await convert(new Uint8Array(photo(640, 480)), { width: 64 });
    expect(job).toMatchObject({ status: 'completed', result: { width: 64, height: 48 } });
    const response = await fetch(await fileUrl(client, job.job_id, 'photo.jpg'));
    const { width, height, data } = jpeg.decode(await response.arrayBuffer(), { useTArray: true });
    expect([width, height]).toEqual([64, 48]);
    // The first and the last pixel.
    expect(data[0]).toBeLessThan(20);
    expect(data.at(-4)).toBeGreaterThan(235);
  }, 60_000);

  test('refuses a file of another kind', async () => {
    const job = await convert(new Uint8Array(Buffer.from('no photo')), { width: 64 });
    expect(job).toMatchObject({ status: 'failed', error: { code: 'PHOTO_UNREADABLE', retryable: false } });
  }, 60_000);
});

describe('order_report', () => {
  const ORDER = { topic: 'Solar roofs', pages: 10 };

  async function answer(approve: boolean) {
    const { data: asked } = await call(client, 'start_order_report', { ...ORDER, wait_seconds: 30 });
    expect(asked.input_requests.spend.message).toBe('"Solar roofs", 10 pages, costs 40 USD. Order it?');
    expect(requests).toEqual([]);
    const answers = { spend: { action: 'accept', content: { approve } } };
    await call(client, 'answer_job', { job_id: asked.job_id, answers });
    return (await call(client, 'check_job', { job_id: asked.job_id, wait_seconds: 30 })).data;
  }

  test('is ordered once a person approves, and the agency is asked until it is done', async () => {
    const writing = { id: 'r-17', state: 'writing', retry_in_seconds: 1 };
    responses = [writing, writing, { id: 'r-17', state: 'done', url: 'https://agency.example.com/r-17.pdf' }];
    expect(await answer(true)).toMatchObject({
      status: 'completed',
      result: { order: 'r-17', url: 'https://agency.example.com/r-17.pdf' },
    });
    expect(requests).toEqual([
      'POST /v1/reports?topic=Solar+roofs&pages=10',
      'GET /v1/reports/r-17',
      'GET /v1/reports/r-17',
    ]);
  }, 60_000);

  test('is not ordered when the person declines', async () => {
    expect(await answer(false)).toMatchObject({ status: 'cancelled' });
    expect(requests).toEqual([]);
  }, 60_000);

  test('fails for an unreadable response, and is not ordered twice', async () => {
    responses = [{ id: '../admin', state: 'writing' }];
    expect(await answer(true)).toMatchObject({
      status: 'failed',
      error: { code: 'AGENCY_FAILED', retryable: false },
    });
    expect(requests).toHaveLength(1);
  }, 60_000);
});
