/** Tests the slots of owners: how many are taken at once, who frees them, and what happens when the table fails. */

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { jest } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { OwnerSlots, type Release } from '../../../lambdas/shared/aws/owner-slots.ts';
import { log } from '../../../lambdas/shared/observability/log.ts';
import { startWebhookTables } from '../../support/webhook-tables.ts';

const HOLD_MS = 30_000;
let now: number;
let tables: Awaited<ReturnType<typeof startWebhookTables>>;

beforeEach(async () => {
  now = Date.parse('2026-01-01T00:00:00Z');
  tables = await startWebhookTables(() => now);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await tables.close();
});

test('of ten calls at once, as many as there are slots get one, also from several instances', async () => {
  const instances = Array.from({ length: 10 }, () => tables.slotsOf(4));
  const taken = await Promise.all(instances.map((slots) => slots.take('hostile', HOLD_MS)));
  expect(taken.filter((release) => release !== undefined)).toHaveLength(4);
});

test('another owner is served while all slots of one are taken', async () => {
  const slots = tables.slotsOf(1);
  await slots.take('hostile', HOLD_MS);
  expect(await slots.take('hostile', HOLD_MS)).toBeUndefined();
  expect(await slots.take('quiet', HOLD_MS)).toBeDefined();
});

test('a freed slot is taken again', async () => {
  const slots = tables.slotsOf(2);
  const [first] = [await slots.take('a', HOLD_MS), await slots.take('a', HOLD_MS)] as Release[];
  await first?.();
  expect(await slots.take('a', HOLD_MS)).toBeDefined();
  expect(await slots.take('a', HOLD_MS)).toBeUndefined();
});

test('a slot whose holder crashed is free after its time, and a late holder frees nothing', async () => {
  const slots = tables.slotsOf(1);
  const late = await slots.take('a', HOLD_MS);
  now += HOLD_MS - 1;
  expect(await slots.take('a', HOLD_MS)).toBeUndefined();
  now += 1;
  expect(await slots.take('a', HOLD_MS)).toBeDefined();
  await late?.();
  expect(await slots.take('a', HOLD_MS)).toBeUndefined();
});

test('an action frees its slot when it fails, and is refused without a slot', async () => {
  const slots = tables.slotsOf(1);
  const failing = slots.run('a', HOLD_MS, async () => {
    throw new Error('on purpose');
  });
  await expect(failing).rejects.toThrow('on purpose');
  await slots.run('a', HOLD_MS, async () => {
    const second = slots.run('a', HOLD_MS, async () => 'never');
    await expect(second).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: 'The limit test (1) is reached. Wait until one of your calls ends, then call again.',
      retryable: true,
      details: { limit: 'test', max: 1, retry_after_ms: 2_000 },
    });
  });
  expect(await slots.run('a', HOLD_MS, async () => 'done')).toBe('done');
});

test('no slot is taken while the table fails, and a slot that cannot be freed is logged', async () => {
  const error = jest.spyOn(log, 'error').mockImplementation(() => {});
  const warn = jest.spyOn(log, 'warn').mockImplementation(() => {});
  const client = new DynamoDBClient({ region: 'us-east-1' });
  const dynamo = mockClient(client);
  const slots = new OwnerSlots({ client, tableName: 'slots', purpose: 'test', limit: 1 });
  dynamo.onAnyCommand().resolvesOnce({}).rejects(new Error('throttled'));
  const release = await slots.take('a', HOLD_MS);
  await release?.();
  expect(warn).toHaveBeenCalledWith('A slot was not freed and expires', expect.anything());
  expect(await slots.take('a', HOLD_MS)).toBeUndefined();
  expect(error).toHaveBeenCalledTimes(1);
});
