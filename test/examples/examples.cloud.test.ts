/** The examples, run by clients as their READMEs show. One local cloud runs all of them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@modelcontextprotocol/client';
import { type LocalCloud, startLocalCloud } from '../../local/cloud.ts';
import { synthesizeSource } from '../support/synthesize-source.ts';
import { call, connect } from '../support/test-cloud.ts';

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
