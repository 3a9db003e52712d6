/** Receives the events of `events/stream` on connections that are lost again and again. */
import { randomUUID } from 'node:crypto';
import { DeleteItemCommand, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { expect } from '@jest/globals';
import type { JobEvent } from '../../lambdas/events/event.ts';
import { SlotsTable } from '../../lambdas/shared/slots-table.ts';
import type { LocalCloud } from '../../local/cloud.ts';
import { arnOf, openStores, type Stores } from '../api/webhook-stores.ts';
import { holdEvent } from '../support/held-delivery.ts';
import { modern, modernRequest } from '../support/rpc.ts';
import { sseMessages } from '../support/sse-messages.ts';
import { awsClients } from '../support/test-cloud.ts';

export const EVENT_TYPE = 'job.completed';
export const EVENT_NOTIFICATION = 'notifications/events/event';
/** The owner may hold five streams, and a client that leaves ends none. */
const LEAVES_IN_A_ROW = 3;
const MCP_FUNCTION = 'McpFunction';

export interface Received {
  /** How each connection was lost. */
  readonly cuts: readonly string[];
  /** Ids of the events, in the order of their arrival. */
  readonly seen: readonly string[];
  /** Ids of the events, in the order of their records. */
  readonly recorded: readonly string[];
  /** What a poll returns from the last cursor on. */
  readonly after: readonly object[];
}

export function openStream(cloud: LocalCloud, owner: string, cursor: string | null): Promise<Response> {
  return modernRequest(cloud, 'events/stream', { name: EVENT_TYPE, cursor }, { owner });
}

/**
 * Records events while a client receives them and loses its connection, ten times: it leaves, or the function crashes.
 * Each connection receives 2 to 4 % of the events, one that crashes a page more.
 * @param events a multiple of 20, at least 400
 * @throws Error when a stream is truncated or refused
 */
export async function receiveThroughTenCuts(
  cloud: LocalCloud,
  owner: string,
  events: number,
): Promise<Received> {
  if (events < 400 || events % 20 !== 0)
    throw new Error(
      `${events} events cannot be received through ten cuts. Use a multiple of 20, at least 400.`,
    );
  const cursor = await begin(cloud, owner);
  const stores = await openStores(cloud);
  const recording = record(stores, owner, events);
  try {
    const [received, recorded] = await Promise.all([receive(cloud, owner, events, cursor), recording]);
    return { ...received, recorded };
  } finally {
    await Promise.allSettled([recording]);
    stores.close();
  }
}

/** Expects that a client has received each event once and in order, through ten cuts. */
export function expectComplete({ cuts, seen, recorded, after }: Received): void {
  // The cuts explain a difference.
  expect({ cuts, seen }).toEqual({ cuts, seen: recorded });
  expect(cuts).toHaveLength(10);
  expect(after).toEqual([]);
}

async function receive(
  cloud: LocalCloud,
  owner: string,
  events: number,
  start: string,
): Promise<Omit<Received, 'recorded'>> {
  let cursor = start;
  const seen: string[] = [];
  const cuts: string[] = [];
  while (seen.length < events) {
    const response = await openStream(cloud, owner, cursor);
    if (!response.headers.get('content-type')?.startsWith('text/event-stream'))
      throw new Error(`A stream was refused: ${await response.text()}`);
    const cutAfter = Math.ceil(((Math.random() + 1) * events) / 50);
    const isCrash = cuts.length % (LEAVES_IN_A_ROW + 1) === LEAVES_IN_A_ROW;
    let received = 0;
    try {
      for await (const { method, params, result } of sseMessages(response)) {
        if (result) break;
        if (params.truncated) throw new Error('The stream is truncated.');
        cursor = params.cursor;
        if (method !== EVENT_NOTIFICATION) continue;
        seen.push(params.eventId);
        received += 1;
        if (seen.length === events) break;
        if (received !== cutAfter || cuts.length === 10) continue;
        cuts.push(`${isCrash ? 'crash' : 'client'} after ${received}`);
        if (!isCrash) break;
        await crash(cloud, owner);
      }
    } catch (error) {
      // The connection of a crashed function.
      if (!isCrash || (error as Error).name !== 'TypeError') throw error;
    }
  }
  const { result: after } = await modern(cloud, 'events/poll', { name: EVENT_TYPE, cursor }, { owner });
  await crash(cloud, owner);
  return { cuts, seen, after: after.events };
}

async function begin(cloud: LocalCloud, owner: string): Promise<string> {
  const { result } = await modern(cloud, 'events/poll', { name: EVENT_TYPE, cursor: null }, { owner });
  return result.cursor;
}

/** Records events in the owner's mailbox, as the events function does, and without their jobs. @returns their ids in order */
async function record(stores: Stores, owner: string, count: number): Promise<readonly string[]> {
  const [mailbox] = await stores.endpoints.list(arnOf(owner));
  let nowMs = 0;
  const store = stores.deliveriesAt(() => {
    nowMs = Math.max(nowMs + 1, Date.now());
    return nowMs;
  });
  const ids: string[] = [];
  const create = async () => {
    const id = `${randomUUID()}.3`;
    ids.push(id);
    const { endpointId } = mailbox ?? { endpointId: '' };
    const event: JobEvent = {
      id,
      type: EVENT_TYPE,
      timestamp: new Date().toISOString(),
      data: {} as JobEvent['data'],
    };
    await holdEvent(store, { owner: arnOf(owner), endpointId }, event, Date.now());
  };
  while (ids.length < count) await Promise.all(Array.from({ length: 20 }, create));
  return ids;
}

/** Crashes the function with its streams, and lets their slots expire. @throws Error when no instance of the function runs */
export async function crash(cloud: LocalCloud, owner: string): Promise<void> {
  if (cloud.interrupt(MCP_FUNCTION) === 0)
    throw new Error(`No instance of ${MCP_FUNCTION} runs. Correct MCP_FUNCTION.`);
  const { dynamodb } = awsClients(cloud);
  const { TableNames = [] } = await dynamodb.send(new ListTablesCommand());
  await dynamodb.send(
    new DeleteItemCommand({
      TableName: TableNames.find((name) => name.includes('Slots')),
      Key: { [SlotsTable.partitionKey]: { S: `waiting_calls ${arnOf(owner)}` } },
    }),
  );
  dynamodb.destroy();
}
