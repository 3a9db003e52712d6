/** Measures webhooks: the time from a job's change to the first byte at the receiver, and the calls to AWS. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { JobEvent } from '../lambdas/events/event.ts';
import type { LocalCloud } from '../local/cloud.ts';
import type { CallCounter } from '../test/support/call-counter.ts';
import { BenchClient } from './client.ts';
import { percentile, type Row, row } from './measure.ts';

const JOBS = 100;
/** Events of a job with one step: created, started, completed. */
const EVENTS_OF_A_JOB = 3;
/** Queries for the limits of the owner, and for its endpoints: the latter at most once in 30 s an instance. */
const QUERIES_OF_A_START = 3;

/** @param cloud that allows webhooks to loopback */
export async function webhooks(cloud: LocalCloud, counter: CallCounter): Promise<readonly Row[]> {
  const client = await BenchClient.connect(new URL('/mcp', cloud.url));
  const receiver = await startTimingReceiver();
  const runJobs = async (jobs: number, callback: Readonly<Record<string, unknown>>) => {
    for (let index = 0; index < jobs; index++) {
      await client.call('start_echo', { text: `${index}`, wait_seconds: 20, ...callback });
    }
  };
  await runJobs(5, { callback_url: receiver.url });
  await receiver.arrived(5);
  receiver.delaysMs.length = 0;

  // One after another, to measure an idle system and not a queue of jobs.
  await runJobs(JOBS, { callback_url: receiver.url });
  await receiver.arrived(JOBS);
  const delaysMs = [...receiver.delaysMs];

  const callsOf = async (callback: Readonly<Record<string, unknown>>) => {
    await settled(counter);
    counter.reset();
    await runJobs(1, callback);
    await settled(counter);
    return { ...counter.counts };
  };
  const unsubscribed = await callsOf({});
  const subscribed = await callsOf({ callback_url: receiver.url });
  await client.close();
  receiver.close();
  const more = (names: readonly string[]) =>
    names.reduce((sum, name) => sum + (subscribed[name] ?? 0) - (unsubscribed[name] ?? 0), 0);
  return [
    row('event to first byte at the receiver, p50', percentile(delaysMs, 0.5), 'ms'),
    row('event to first byte at the receiver, p99', percentile(delaysMs, 0.99), 'ms'),
    row(
      'event: calls of the events function, to publish and to find subscribers',
      ((unsubscribed['sns:PublishBatch'] ?? 0) + (unsubscribed['dynamodb:Query'] ?? 0) - QUERIES_OF_A_START) /
        EVENTS_OF_A_JOB,
      'calls',
      2,
    ),
    row('job without subscribers: calls to SQS', sqsCalls(unsubscribed), 'calls', 0),
    row(
      'one event delivered: writes to a table',
      more(['dynamodb:PutItem', 'dynamodb:UpdateItem']),
      'writes',
      4,
    ),
    row('one event delivered: reads of a table', more(['dynamodb:GetItem']), 'reads', 2),
    row(
      'one event delivered: calls to SQS to send',
      more(['sqs:SendMessage', 'sqs:SendMessageBatch']),
      'calls',
      1,
    ),
  ];
}

function sqsCalls(counts: Readonly<Record<string, number>>): number {
  // Readers poll empty queues too.
  return Object.entries(counts)
    .filter(([name]) => name.startsWith('sqs:') && name !== 'sqs:ReceiveMessage')
    .reduce((sum, [, count]) => sum + count, 0);
}

/** Waits until no call arrives for a second: events and deliveries follow their job. */
async function settled(counter: CallCounter): Promise<void> {
  const total = () =>
    Object.entries(counter.counts).reduce(
      (sum, [name, count]) => sum + (name === 'sqs:ReceiveMessage' ? 0 : count),
      0,
    );
  let before = -1;
  while (before !== total()) {
    before = total();
    await delay(1_000);
  }
}

async function startTimingReceiver() {
  const delaysMs: number[] = [];
  const server = createServer(async (request, response) => {
    const arrivedAt = Date.now();
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const { timestamp } = JSON.parse(Buffer.concat(chunks).toString()) as JobEvent;
    delaysMs.push(arrivedAt - Date.parse(timestamp));
    response.writeHead(204).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    delaysMs,
    async arrived(count: number): Promise<void> {
      while (delaysMs.length < count) await delay(20);
    },
    close: () => void server.close(),
  };
}
