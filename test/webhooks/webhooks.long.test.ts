/** Tests that one owner does not delay the webhooks of another, with more endpoints than `npm test` has time for. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { apiClient } from '../support/openapi.ts';
import { startRecordingReceiver } from '../support/recording-receiver.ts';
import { call, connect, startTestCloud } from '../support/test-cloud.ts';

test('a hundred slow endpoints of a hostile owner do not delay the webhook of a quiet owner', async () => {
  const cloud = await startTestCloud({ allowLoopbackWebhooks: true });
  const receiver = await startRecordingReceiver();
  const api = apiClient(cloud, 'hostile');
  const hostile = await connect(cloud, { owner: 'hostile' });
  const quiet = await connect(cloud, { owner: 'quiet' });
  const slow = await startRecordingReceiver();
  const { promise, resolve } = Promise.withResolvers<void>();
  slow.held = promise;
  for (let count = 0; count < 100; count++) {
    const { status } = await api('POST /endpoints', { json: { url: slow.url, events: ['job.completed'] } });
    expect(status).toBe(201);
  }
  await call(hostile, 'start_echo', { text: 'x', wait_seconds: 20 });
  while (slow.requests.length === 0) await delay(20);

  const { data } = await call(quiet, 'start_echo', { text: 'x', callback_url: receiver.url });
  await receiver.find(
    ({ json }) => json.data.job_id === data.job_id && json.type === 'job.completed',
    60_000,
  );
  // Four batches of ten. A fifth may begin before this server sees that the first was given up.
  expect(slow.mostWaiting).toBeLessThanOrEqual(50);
  slow.held = undefined;
  resolve();
  // What was deferred is sent when the slots are free.
  while (slow.requests.length <= 50) await delay(50);
  slow.close();
  receiver.close();
  await Promise.all([hostile.close(), quiet.close()]);
  await cloud.close();
}, 90_000);
