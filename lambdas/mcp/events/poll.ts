/** Defines `events/poll`: returns the events since the last poll, for clients that cannot receive webhooks. */
import * as z from 'zod';
import { Scope } from '../../shared/caller.ts';
import {
  type CursorSubject,
  decodeCursor,
  encodeCursor,
  type Position,
  settledPosition,
} from '../../webhooks/deliveries/cursor.ts';
import type { ProtocolMethod } from '../protocol-method.ts';
import {
  argumentsParam,
  cursorParam,
  defineEventMethod,
  type EventDependencies,
  maxAgeParam,
  nameParam,
} from './event-method.ts';
import type { EventTypes } from './event-types.ts';
import { findHistory } from './find-history.ts';
import { findMailbox, openMailbox } from './mailbox.ts';
import { type OccurrencePage, readOccurrences } from './read-occurrences.ts';
import { subjectOf } from './topic.ts';

const DEFAULT_PAGE = 50;
const MAX_PAGE = 100;
/** Polls show events `SETTLE_MS` after they are recorded, so a shorter interval gains little. */
const NEXT_POLL_MS = 5_000;

const params = z.object({
  name: nameParam,
  arguments: argumentsParam,
  cursor: cursorParam,
  maxAgeMs: maxAgeParam,
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
      const subject = subjectOf(owner, topic);
      if (typeof cursor !== 'string') {
        if (!(await findMailbox(dependencies, owner, topic))) await openMailbox(dependencies, owner, topic);
        return pollResult(
          subject,
          { occurrences: [], position: settledPosition(now()), hasMore: false },
          false,
        );
      }
      const requested = decodeCursor(subject, cursor);
      const start = notBefore(requested, maxAgeMs, now());
      const history = await findHistory(dependencies, owner, topic, start);
      const limit = Math.min(maxEvents ?? DEFAULT_PAGE, MAX_PAGE);
      const page = await readOccurrences(deliveries, subject, history, start, limit);
      return pollResult(subject, page, history.hasGap || start !== requested);
    },
  });
}

/** Moves a position forward to `maxAgeMs` ago, but never past settled events: later ones may still be arriving. */
function notBefore(position: Position, maxAgeMs: number | null | undefined, nowMs: number): Position {
  if (typeof maxAgeMs !== 'number') return position;
  const oldest = new Date(Math.max(nowMs - maxAgeMs, 0)).toISOString();
  const { createdAt: latest } = settledPosition(nowMs);
  const createdAt = oldest < latest ? oldest : latest;
  return position.createdAt < createdAt ? { createdAt } : position;
}

function pollResult(
  subject: CursorSubject,
  { occurrences, position, hasMore }: OccurrencePage,
  truncated: boolean,
) {
  return {
    // Of polls, only the response has a cursor (SEP-3415, Event Occurrences).
    events: occurrences.map(({ cursor: _, ...occurrence }) => occurrence),
    cursor: encodeCursor(subject, position),
    truncated,
    hasMore,
    nextPollMs: NEXT_POLL_MS,
  };
}
