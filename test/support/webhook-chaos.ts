/** Runs jobs with a failing subscriber while functions are killed, and reports which events arrive. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { GetQueueAttributesCommand, ListQueuesCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { eventTypes } from '../../lambdas/events/event.ts';
import type { LocalCloud } from '../../local/cloud.ts';
import { awsClients, call, connect } from './test-cloud.ts';

export interface ChaosOptions {
  readonly jobs: number;
  /** How often the events function or the deliveries function is killed, in turn. */
  readonly kills: number;
  /** The share of calls that fail at the receiver, 0..1. */
  readonly failing: number;
  /** When to stop waiting for missing events. */
  readonly limitMs: number;
}

export interface ChaosOutcome {
  readonly jobs: number;
  /** Number of function instances that were killed during an invocation. */
  readonly instancesKilled: number;
  readonly calls: number;
  readonly failedOnPurpose: number;
  /** Number of distinct events that arrived with a success. */
  readonly events: number;
  /** Number of successes beyond the first for an event, all with its id and body. */
  readonly duplicates: number;
  /** Number of duplicates with a different body. */
  readonly contradictions: number;
  /** Jobs with a missing version, by job id. */
  readonly withGaps: readonly string[];
  readonly deadLetters: number;
  readonly seconds: number;
}

/** One step, and so three versions: created, started, completed. Each is an event of its own. */
const VERSIONS = [1, 2, 3];
const KILLED = ['Events', 'WebhooksDeliver'];

export async function runChaos(cloud: LocalCloud, options: ChaosOptions): Promise<ChaosOutcome> {
  const startedAt = Date.now();
  await hideMessagesBriefly(cloud);
  const receiver = await startFailingReceiver(options.failing);
  const client = await connect(cloud);
  const response = await fetch(new URL('/endpoints', cloud.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ url: receiver.url, events: eventTypes }),
  });
  if (response.status !== 201) throw new Error(`Registering was answered with ${response.status}.`);

  const ids: string[] = [];
  let instancesKilled = 0;
  const starting = (async () => {
    // Twenty callers, each with one job after another.
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        while (ids.length < options.jobs) {
          const place = ids.push('') - 1;
          ids[place] = (await call(client, 'start_echo', { text: `${place}` })).data.job_id;
        }
      }),
    );
  })();
  for (let kill = 0; kill < options.kills; kill++) {
    // Retry until an instance is running: otherwise there is nothing to kill.
    let killed = 0;
    while (killed === 0) {
      await delay(100 + Math.random() * 900);
      killed = cloud.interrupt(KILLED[kill % KILLED.length] ?? '');
    }
    instancesKilled += killed;
  }
  await starting;

  const missing = () =>
    ids.filter((id) => VERSIONS.some((version) => !receiver.taken.has(`${id}.${version}`)));
  while (missing().length > 0 && Date.now() - startedAt < options.limitMs) await delay(250);
  const outcome = {
    jobs: ids.length,
    instancesKilled,
    calls: receiver.calls(),
    failedOnPurpose: receiver.failed(),
    events: receiver.taken.size,
    duplicates: receiver.duplicates(),
    contradictions: receiver.contradictions(),
    withGaps: missing(),
    deadLetters: await countDeadLetters(cloud),
    seconds: Math.round((Date.now() - startedAt) / 1000),
  };
  await client.close();
  receiver.close();
  return outcome;
}

/** On AWS, messages of a killed function return after six times its timeout. No test waits for that. */
async function hideMessagesBriefly(cloud: LocalCloud): Promise<void> {
  const { sqs } = awsClients(cloud);
  const name = cloud.outputs.DeliveryQueueArn?.split(':').at(-1) ?? '';
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: name }));
  const Attributes = { VisibilityTimeout: '40' };
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl: QueueUrls[0], Attributes }));
  sqs.destroy();
}

/** Fails like receivers do: with an error, without a response, or with a closed connection. */
async function startFailingReceiver(failing: number) {
  /** Bodies by event id. */
  const taken = new Map<string, string>();
  let [calls, failed, duplicates, contradictions] = [0, 0, 0, 0];
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const id = String(request.headers['webhook-id']);
    calls++;
    if (Math.random() < failing) {
      failed++;
      if (Math.random() < 0.5) request.socket.destroy();
      else response.writeHead(500).end('on purpose');
      return;
    }
    const before = taken.get(id);
    if (before !== undefined) duplicates++;
    if (before !== undefined && before !== body) contradictions++;
    taken.set(id, body);
    response.writeHead(204).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    taken,
    calls: () => calls,
    failed: () => failed,
    duplicates: () => duplicates,
    contradictions: () => contradictions,
    close: () => void server.close(),
  };
}

async function countDeadLetters(cloud: LocalCloud): Promise<number> {
  const { sqs } = awsClients(cloud);
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
  const counts = await Promise.all(
    QueueUrls.filter((url) => url.includes('DeadLetters')).map(async (QueueUrl) => {
      const { Attributes = {} } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
      );
      return (
        Number(Attributes.ApproximateNumberOfMessages) +
        Number(Attributes.ApproximateNumberOfMessagesNotVisible)
      );
    }),
  );
  sqs.destroy();
  if (counts.length < 2) throw new Error(`There are ${counts.length} dead-letter queues, not two or more.`);
  return counts.reduce((sum, count) => sum + count, 0);
}
