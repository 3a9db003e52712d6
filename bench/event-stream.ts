/**
 * Measures what a stream of events reads from the tables in its minute: while nothing happens, and while it has more to send than it
 * reads. Method and tables are real; the clock moves as fast as the stream pauses.
 */
import { randomUUID } from 'node:crypto';
import type { JobEvent } from '../lambdas/events/event.ts';
import { createEventTypes } from '../lambdas/mcp/events/event-types.ts';
import { streamMethod } from '../lambdas/mcp/events/stream.ts';
import { operations } from '../test/fixtures/catalogue/index.ts';
import { holdEvent } from '../test/support/held-delivery.ts';
import { seal } from '../test/support/seal.ts';
import { sseMessages } from '../test/support/sse-messages.ts';
import { startWebhookTables } from '../test/support/webhook-tables.ts';
import { type Row, row } from './measure.ts';

const NAME = 'job.completed';
/** More than a stream sends in a minute: a hundred every two seconds. */
const EVENTS = 3_500;
const AT_ONCE = 20;
const DAY_MS = 24 * 60 * 60 * 1_000;
const READS_LIMIT = 1;

export async function eventStreams(): Promise<readonly Row[]> {
  const [quiet, busy] = [await measure(0), await measure(EVENTS)];
  return [
    row('stream of events, nothing happens: reads a second', quiet.reads, 'reads', READS_LIMIT),
    row('stream of events, always more to send: reads a second', busy.reads, 'reads', READS_LIMIT),
    row('stream of events, always more to send: events a second', busy.events, 'events'),
    row('stream of events: writes, to hold and to free its slot', quiet.writes, 'writes', 2),
  ];
}

/** @param count events that wait for the stream @returns reads and events a second, and writes of the stream */
async function measure(count: number) {
  let now = Date.now();
  const tables = await startWebhookTables(() => now);
  const { client, endpoints, deliveries } = tables;
  const calls: Record<string, number> = {};
  client.middlewareStack.add((next, { commandName = '' }) => (args) => {
    calls[commandName] = (calls[commandName] ?? 0) + 1;
    return next(args);
  });
  try {
    const method = streamMethod(createEventTypes(operations), {
      operations,
      endpoints,
      deliveries,
      queue: { send: async () => {} },
      seal,
      waits: tables.slotsOf(1),
      addressPolicy: { ports: [443], allowLoopback: false },
      now: () => now,
      pause: async (milliseconds) => {
        now += milliseconds;
      },
    });
    const open = async (cursor: string | null) => {
      const request = { id: 1, params: { name: NAME, cursor }, endsAtMs: now + DAY_MS };
      return sseMessages(
        (await method.openStream?.(request, { owner: 'ada', scopes: [] })) ?? new Response(),
      );
    };
    // The first stream opens the mailbox, and tells the cursor.
    let cursor = '';
    for await (const { params } of await open(null)) cursor = params?.cursor ?? cursor;
    const [{ endpointId = '' } = {}] = await endpoints.list('ada');
    const record = async () => {
      const event: JobEvent = {
        id: `${randomUUID()}.1`,
        type: NAME,
        timestamp: new Date(now).toISOString(),
        data: {} as never,
      };
      await holdEvent(deliveries, { owner: 'ada', endpointId }, event, now);
    };
    for (let made = 0; made < count; made += AT_ONCE) {
      now += 1;
      await Promise.all(Array.from({ length: AT_ONCE }, record));
    }
    now += 10_000;

    for (const name of Object.keys(calls)) delete calls[name];
    const begun = now;
    let events = 0;
    for await (const { method: name } of await open(cursor))
      if (name === 'notifications/events/event') events += 1;
    const seconds = (now - begun) / 1_000;
    const sum = (names: readonly string[]) => names.reduce((total, name) => total + (calls[name] ?? 0), 0);
    return {
      reads: sum(['GetItemCommand', 'QueryCommand', 'BatchGetItemCommand']) / seconds,
      writes: sum(['PutItemCommand', 'UpdateItemCommand']),
      events: events / seconds,
    };
  } finally {
    await tables.close();
  }
}
