/** What calls and jobs cost is a promise like any other: counted where the calls arrive. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@modelcontextprotocol/client';
import type { LocalCloud } from '../../local/cloud.ts';
import { CallCounter } from '../support/call-counter.ts';
import { legacy, modern } from '../support/rpc.ts';
import { call, connect, startTestCloud } from '../support/test-cloud.ts';

const counter = new CallCounter();
let cloud: LocalCloud;
let client: Client;

beforeAll(async () => {
  cloud = await startTestCloud({ onAwsCall: counter.count });
  client = await connect(cloud, { owner: 'cost' });
});
afterAll(async () => {
  await client.close();
  await cloud.close();
});

/** Waits until the events of earlier jobs are published, then counts from zero. */
async function countFromZero(): Promise<void> {
  do {
    counter.reset();
    await delay(1_000);
  } while (Object.keys(counter.counts).length > 0);
}

test('check_job is one read, whatever the job', async () => {
  const { data } = await call(client, 'start_echo', { text: 'x', wait_seconds: 30 });
  await countFromZero();
  await call(client, 'check_job', { job_id: data.job_id });
  expect(counter.counts).toEqual({ 'dynamodb:GetItem': 1 });
});

test('tasks/get is one read, in both generations, whatever the task', async () => {
  const { data } = await call(client, 'start_echo', { text: 'x', wait_seconds: 30 });
  for (const get of [legacy, modern]) {
    await countFromZero();
    const { result } = await get(cloud, 'tasks/get', { taskId: data.job_id }, { owner: 'cost' });
    expect(result.status).toBe('completed');
    expect(counter.counts).toEqual({ 'dynamodb:GetItem': 1 });
  }
});

test('a malformed job id costs nothing', async () => {
  counter.reset();
  await call(client, 'check_job', { job_id: 'nonsense' });
  expect(counter.counts).toEqual({});
});

test('starting is one write and one StartExecution; four steps are four transitions and six writes', async () => {
  counter.reset();
  const { data } = await call(client, 'start_four_steps');
  let waits = 0;
  let status: string;
  do {
    ({ status } = (await call(client, 'check_job', { job_id: data.job_id, wait_seconds: 30 })).data);
    waits++;
  } while (status !== 'completed');
  expect(counter.counts).toMatchObject({
    'dynamodb:PutItem': 1,
    'states:StartExecution': 1,
    // One a step, the result, and the slot of each wait: taken and freed.
    'dynamodb:UpdateItem': 5 + 2 * waits,
    'states:StateEntered': 4,
  });
});

test('listing is one query and one batch read, also with a filter', async () => {
  for (const filter of [{}, { operation: 'echo', status: 'completed' }]) {
    await countFromZero();
    await call(client, 'list_jobs', filter);
    expect(counter.counts).toEqual({ 'dynamodb:Query': 1, 'dynamodb:BatchGetItem': 1 });
  }
});

test('what is refused for its arguments costs nothing', async () => {
  await countFromZero();
  await call(client, 'start_echo', { text: 7 });
  expect(counter.counts).toEqual({});
});
