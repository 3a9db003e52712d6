/** Defines `events/poll`: returns the events since the last poll, for clients that cannot receive webhooks. */
import * as z from 'zod';
import { Scope } from '../../shared/caller.ts';
import { type CursorSubject, encodeCursor } from '../../webhooks/deliveries/cursor.ts';
import type { ProtocolMethod } from '../protocol-method.ts';
import { defineEventMethod, type EventDependencies } from './event-method.ts';
import type { EventTypes } from './event-types.ts';
import { type OccurrencePage, readOccurrences } from './read-occurrences.ts';
import { readingParams, readReading, startReading } from './start-reading.ts';

const DEFAULT_PAGE = 50;
const MAX_PAGE = 100;
/** Polls show events `SETTLE_MS` after they are recorded, so a shorter interval gains little. */
const NEXT_POLL_MS = 5_000;

const params = readingParams.extend({ maxEvents: z.int().min(1).nullish() });

export function pollMethod(types: EventTypes, dependencies: EventDependencies): ProtocolMethod {
  const { now = Date.now } = dependencies;
  return defineEventMethod({
    method: 'events/poll',
    scopes: [Scope.jobsRead],
    params,
    async call({ maxEvents, ...rest }, owner) {
      const reading = readReading(types, rest, owner, now());
      const { subject } = reading;
      const { history, position, truncated } = await startReading(dependencies, reading);
      const limit = Math.min(maxEvents ?? DEFAULT_PAGE, MAX_PAGE);
      const page = await readOccurrences(dependencies.deliveries, subject, history, position, limit);
      return pollResult(subject, page, truncated);
    },
  });
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
