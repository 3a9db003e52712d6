/** `events/poll`: what has happened since the last time, for clients that nobody can call. */
import * as z from 'zod';
import { Scope } from '../../shared/caller.ts';
import { type Delivery, TEST_EVENT } from '../../webhooks/deliveries/delivery.ts';
import type { DeliveryPosition, DeliveryStore } from '../../webhooks/deliveries/delivery-store.ts';
import type { ProtocolMethod } from '../protocol-method.ts';
import { decodeCursor, encodeCursor, type Position, settled } from './cursor.ts';
import { defineEventMethod, type EventDependencies } from './event-method.ts';
import type { EventTypes } from './event-types.ts';
import { findHistory, type History } from './find-history.ts';
import { findMailbox, openMailbox } from './mailbox.ts';

const DEFAULT_PAGE = 50;
const MAX_PAGE = 100;
/** Events are shown two seconds after they were recorded: asking more often tells little sooner. */
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
    scope: Scope.jobsRead,
    params,
    async call({ name, arguments: args, cursor, maxAgeMs, maxEvents }, owner) {
      const topic = types.read(name, args);
      if (typeof cursor !== 'string') {
        if (!(await findMailbox(dependencies, owner, topic))) await openMailbox(dependencies, owner, topic);
        return answer({ shown: [], position: settled(now()), hasMore: false }, false);
      }
      const asked = decodeCursor(cursor);
      const start = notBefore(asked, maxAgeMs, now());
      const history = await findHistory(dependencies, owner, topic, start);
      const limit = Math.min(maxEvents ?? DEFAULT_PAGE, MAX_PAGE);
      return answer(await read(deliveries, history, start, limit), history.hasGap || start !== asked);
    },
  });
}

interface Page {
  readonly shown: readonly Delivery[];
  /** Where the next page begins. */
  readonly position: Position;
  readonly hasMore: boolean;
}

/** Never later than what has settled: what the client asks to be spared may still be coming in. */
function notBefore(position: Position, maxAgeMs: number | null | undefined, nowMs: number): Position {
  if (typeof maxAgeMs !== 'number') return position;
  const oldest = new Date(Math.max(nowMs - maxAgeMs, 0)).toISOString();
  const { createdAt: latest } = settled(nowMs);
  const createdAt = oldest < latest ? oldest : latest;
  return position.createdAt < createdAt ? { createdAt } : position;
}

async function read(
  deliveries: DeliveryStore,
  { endpointId, until, continues, hasGap }: History,
  start: Position,
  limit: number,
): Promise<Page> {
  const { createdAt, last } = start;
  const since = last ? createdAt : new Date(Date.parse(createdAt) + 1).toISOString();
  // By a clock that is behind that of the function which gave the cursor.
  if (since > until) return { shown: [], position: start, hasMore: continues };
  const shown: Delivery[] = [];
  let after: DeliveryPosition | undefined = last && { createdAt, ...last };
  do {
    const page = await deliveries.listOfEndpoint(endpointId, {
      limit: limit - shown.length,
      since,
      until,
      after,
    });
    shown.push(...page.deliveries.filter(({ type }) => type !== TEST_EVENT));
    after = page.next;
  } while (after && shown.length < limit);
  // Past a gap is where the next page is whole.
  const end = after ?? (hasGap ? undefined : shown.at(-1));
  return {
    shown,
    position: end ? positionOf(end) : { createdAt: until },
    hasMore: after !== undefined || continues,
  };
}

function positionOf({ createdAt, jobId, deliveryKey }: DeliveryPosition): Position {
  return { createdAt, last: { jobId, deliveryKey } };
}

function answer({ shown, position, hasMore }: Page, truncated: boolean) {
  return {
    events: shown.map(({ event: { id, type, timestamp, data } }) => ({
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
