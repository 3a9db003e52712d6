/**
 * Stands in for DynamoDB and Step Functions, with the delays of a region. Prints its URL, stores the jobs that a function puts, and
 * returns the calls of each action to a GET. The times of a function then consist of its own CPU and of these delays.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

/** Of DynamoDB, whose documentation promises single-digit milliseconds; StartExecution takes longer. */
const READ_MS = 5;
const START_MS = 30;

type Item = { readonly jobId: { readonly S: string } };
const items = new Map<string, Item>();

/** By action. Another one is unknown, as in Step Functions. */
const actions: Readonly<Record<string, (input: { Item: Item; Key: Item; name: string }) => object>> = {
  GetItem: ({ Key }) => ({ Item: items.get(Key.jobId.S) }),
  PutItem({ Item }) {
    items.set(Item.jobId.S, Item);
    return {};
  },
  UpdateItem: () => ({ Attributes: {} }),
  Query: () => ({ Items: [], Count: 0, ScannedCount: 0 }),
  StartExecution: ({ name }) => ({
    executionArn: `arn:aws:states:us-east-1:000000000000:execution:x:${name}`,
    startDate: Date.now() / 1_000,
  }),
};

const counts: Record<string, number> = {};

const server = createServer(async (request, response) => {
  if (request.method === 'GET') return response.end(JSON.stringify(counts));
  const body = await text(request).catch(() => undefined);
  // The function has ended.
  if (body === undefined) return;
  const [, name = ''] = String(request.headers['x-amz-target']).split('.');
  counts[name] = (counts[name] ?? 0) + 1;
  const action = actions[name];
  await delay(name === 'StartExecution' ? START_MS : READ_MS);
  response.writeHead(action ? 200 : 400, { 'content-type': 'application/x-amz-json-1.0' });
  response.end(JSON.stringify(action?.(JSON.parse(body)) ?? { __type: 'UnknownOperationException' }));
});
// Longer than a measurement, so that no connection is opened twice.
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
