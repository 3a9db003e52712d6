/** State machines of the operator's own as operations, in the local cloud: they are run as they are, and know nothing of jobs. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { DescribeExecutionCommand, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { Client } from '@modelcontextprotocol/client';
import type { LocalCloud } from '../../local/cloud.ts';
import { awsClients, call, connect, startTestCloud } from '../support/test-cloud.ts';

let cloud: LocalCloud;
let client: Client;
let aws: ReturnType<typeof awsClients>;
const log: string[] = [];

beforeAll(async () => {
  cloud = await startTestCloud({ onLog: (name, line) => log.push(`${name} ${line}`) });
  client = await connect(cloud, { owner: 'ada' });
  aws = awsClients(cloud);
});
afterAll(async () => {
  for (const each of Object.values(aws)) each.destroy();
  await client.close();
  await cloud.close();
});

const ITEMS = [{ amount: 3 }, { amount: 4 }];

test('it completes with the output of its execution', async () => {
  const { data } = await call(client, 'start_report', { items: ITEMS, wait_seconds: 20 });
  console.log(data, log);
  expect(data).toMatchObject({ status: 'completed', progress: 1, result: { lines: ITEMS }, error: null });
});
test('express', async () => {
  const r = await call(client, 'quote', { product: 'tea' });
  console.log(r, log);
});
