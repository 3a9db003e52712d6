/** The examples, run by clients as their READMEs show. One local cloud runs all of them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@modelcontextprotocol/client';
import jpeg from 'jpeg-js';
import { type LocalCloud, startLocalCloud } from '../../local/cloud.ts';
import { synthesizeSource } from '../support/synthesize-source.ts';
import { call, connect, fileUrl } from '../support/test-cloud.ts';

let directory: string;
let cloud: LocalCloud;
let client: Client;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'examples-'));
  cloud = await startLocalCloud({
    assemblyDirectory: await synthesizeSource(join(directory, 'assembly'), 'test/fixtures/examples/app.ts'),
  });
  client = await connect(cloud);
}, 60_000);
afterAll(async () => {
  await client.close();
  await cloud.close();
  await rm(directory, { recursive: true });
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
    return (await call(client, 'check_job', { job_id: asked.job_id, wait_seconds: 30 })).data;
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
