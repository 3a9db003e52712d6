/** Defines `events/poll`: returns the events since the last poll, for clients that cannot receive webhooks. */
import * as z from 'zod';
import { Scope } from '../../shared/caller.ts';
import { type Delivery, TEST_EVENT } from '../../webhooks/deliveries/delivery.ts';
import type { DeliveryPosition, DeliveryStore } from '../../webhooks/deliveries/delivery-store.ts';
import type { ProtocolMethod } from '../protocol-method.ts';
import { decodeCursor, encodeCursor, type Position, settledPosition } from './cursor.ts';
import { defineEventMethod, type EventDependencies } from './event-method.ts';
import type { EventTypes } from './event-types.ts';
import { findHistory, type History } from './find-history.ts';
import { findMailbox, openMailbox } from './mailbox.ts';

const DEFAULT_PAGE = 50;
const MAX_PAGE = 100;
/** Polls show events `SETTLE_MS` after they are recorded, so a shorter interval gains little. */
const NEXT_POLL_MS = 5_000;

const params = z.object({
  name: z.string(),
  arguments: z.unknown().optional(),
  cursor: z.string().nullish(),
  maxAgeMs: z.int().min(0).nullish(),
  maxEvents: z.int().min(1).nullish(),
});

export function pollMethod(types: EventTypes, dependencies: EventDependencies): ProtocolMethod {
  const { deliveries, now = Date.now } = dependencies;
  return defineEventMethod({
    method: 'events/poll',
    scopes: [Scope.jobsRead],
    params,
    async call({ name, arguments: args, cursor, maxAgeMs, maxEvents }, owner) {
      const topic = types.read(name, args);
      if (typeof cursor !== 'string') {
        if (!(await findMailbox(dependencies, owner, topic))) await openMailbox(dependencies, owner, topic);
        return pollResult({ deliveries: [], position: settledPosition(now()), hasMore: false }, false);
      }
      const requested = decodeCursor(cursor);
      const start = notBefore(requested, maxAgeMs, now());
      const history = await findHistory(dependencies, owner, topic, start);
      const limit = Math.min(maxEvents ?? DEFAULT_PAGE, MAX_PAGE);
      return pollResult(await read(deliveries, history, start, limit), history.hasGap || start !== requested);
    },
  });
}

interface Page {
  readonly deliveries: readonly Delivery[];
  /** The start of the next page. */
  readonly position: Position;
  readonly hasMore: boolean;
}

/** Moves a position forward to `maxAgeMs` ago, but never past settled events: later ones may still be arriving. */
function notBefore(position: Position, maxAgeMs: number | null | undefined, nowMs: number): Position {
  if (typeof maxAgeMs !== 'number') return position;
  const oldest = new Date(Math.max(nowMs - maxAgeMs, 0)).toISOString();
  const { createdAt: latest } = settledPosition(nowMs);
  const createdAt = oldest < latest ? oldest : latest;
  return position.createdAt < createdAt ? { createdAt } : position;
}

async function read(
  store: DeliveryStore,
  { endpointId, until, continues, hasGap }: History,
  start: Position,
  limit: number,
): Promise<Page> {
  const { createdAt, last } = start;
  const since = last ? createdAt : new Date(Date.parse(createdAt) + 1).toISOString();
  // This function's clock is behind the clock of the function that issued the cursor.
  if (since > until) return { deliveries: [], position: start, hasMore: continues };
  const deliveries: Delivery[] = [];
  let after: DeliveryPosition | undefined = last && { createdAt, ...last };
  do {
    const page = await store.listOfEndpoint(endpointId, {
      limit: limit - deliveries.length,
      since,
      until,
      after,
    });
    deliveries.push(...page.deliveries.filter(({ type }) => type !== TEST_EVENT));
    after = page.next;
  } while (after && deliveries.length < limit);
  // After a gap, the next page starts at `until`, from where history is complete.
  const end = after ?? (hasGap ? undefined : deliveries.at(-1));
  return {
    deliveries,
    position: end ? positionOf(end) : { createdAt: until },
    hasMore: after !== undefined || continues,
  };
}

function positionOf({ createdAt, jobId, deliveryKey }: DeliveryPosition): Position {
  return { createdAt, last: { jobId, deliveryKey } };
}

function pollResult({ deliveries, position, hasMore }: Page, truncated: boolean) {
  return {
    events: deliveries.map(({ event: { id, type, timestamp, data } }) => ({
      eventId: id,
      name: type,
      timestamp,
      data,
    })),
    cursor: encodeCursor(position),
    truncated,
    hasMore,
    nextPollMs: NEXT_POLL_MS,
  };
}
