/** Finds where a subscription begins to read its events, for polls and streams: now, or after a cursor. */
import * as z from 'zod';
import {
  type CursorSubject,
  decodeCursor,
  type Position,
  settledPosition,
} from '../../webhooks/deliveries/cursor.ts';
import {
  argumentsParam,
  cursorParam,
  type EventDependencies,
  maxAgeParam,
  nameParam,
} from './event-method.ts';
import type { EventTypes } from './event-types.ts';
import { completeHistory, findHistory, type History } from './find-history.ts';
import { findMailbox, openMailbox } from './mailbox.ts';
import { subjectOf, type Topic } from './topic.ts';

/** What polls and streams request (SEP-3415, Poll-Based Delivery and Push-Based Delivery). */
export const readingParams = z.object({
  name: nameParam,
  arguments: argumentsParam,
  cursor: cursorParam,
  maxAgeMs: maxAgeParam,
});

/** A valid request for the events of a topic. */
export interface Reading {
  readonly owner: string;
  readonly topic: Topic;
  readonly subject: CursorSubject;
  /** Where the client stopped; absent: it starts now. */
  readonly after?: Position;
  /** Milliseconds; events that happened earlier are left out. */
  readonly maxAgeMs?: number;
}

/** Costs no call to AWS. @param nowMs epoch milliseconds @throws ProtocolError for an unknown event, AppError for invalid arguments or an invalid cursor */
export function readReading(
  types: EventTypes,
  { name, arguments: args, cursor, maxAgeMs }: z.output<typeof readingParams>,
  owner: string,
  nowMs: number,
): Reading {
  const topic = types.read(name, args);
  const subject = subjectOf(owner, topic);
  return {
    owner,
    topic,
    subject,
    ...(typeof cursor === 'string' && { after: decodeCursor(subject, cursor, nowMs) }),
    ...(typeof maxAgeMs === 'number' && { maxAgeMs }),
  };
}

export interface ReadingStart {
  readonly history: History;
  readonly position: Position;
  /** Events between the cursor and the position are left out. */
  readonly truncated: boolean;
}

/** Ensures that future events are kept. @throws AppError RESOURCE_EXHAUSTED */
export async function startReading(
  dependencies: Pick<EventDependencies, 'endpoints' | 'now'>,
  { owner, topic, after, maxAgeMs }: Reading,
): Promise<ReadingStart> {
  const { now = Date.now } = dependencies;
  if (!after) {
    const mailbox =
      (await findMailbox(dependencies, owner, topic)) ?? (await openMailbox(dependencies, owner, topic));
    const nowMs = now();
    return {
      history: completeHistory(mailbox, nowMs),
      position: settledPosition(nowMs),
      truncated: false,
    };
  }
  const position = notBefore(after, maxAgeMs, now());
  const history = await findHistory(dependencies, owner, topic, position);
  return { history, position, truncated: history.hasGap || position !== after };
}

/** Moves a position forward to `maxAgeMs` ago, but never past settled events: later ones may still be arriving. */
function notBefore(position: Position, maxAgeMs: number | undefined, nowMs: number): Position {
  if (maxAgeMs === undefined) return position;
  const oldest = new Date(Math.max(nowMs - maxAgeMs, 0)).toISOString();
  const { createdAt: latest } = settledPosition(nowMs);
  const createdAt = oldest < latest ? oldest : latest;
  return position.createdAt < createdAt ? { createdAt } : position;
}
