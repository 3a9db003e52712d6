/**
 * Defines `events/stream`: sends the events of a subscription once they are recorded (SEP-3415, Push-Based Delivery). A stream
 * ends with an empty result after a minute at most. The client sends its last cursor with the next request, and misses nothing.
 */
import { setTimeout as timer } from 'node:timers/promises';
import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import type * as z from 'zod';
import { Scope } from '../../shared/caller.ts';
import { encodeCursor, type Position } from '../../webhooks/deliveries/cursor.ts';
import type { DeliveryStore } from '../../webhooks/deliveries/delivery-store.ts';
import { errorResponse, streamEvents } from '../event-stream.ts';
import { holdSlot, MAX_RESUMABLE_MS, subscriptionMessages } from '../held-stream.ts';
import type { ProtocolMethod } from '../protocol-method.ts';
import { EventErrorCode, toProtocolError } from './errors.ts';
import { defineEventMethod, type EventDependencies } from './event-method.ts';
import type { EventTypes } from './event-types.ts';
import { continueHistory, findHistory, type History } from './find-history.ts';
import { type OccurrencePage, readOccurrences } from './read-occurrences.ts';
import {
  type Reading,
  type ReadingStart,
  readingParams,
  readReading,
  startReading,
} from './start-reading.ts';
import { mailboxId } from './topic.ts';

const METHOD = 'events/stream';
/** After each read of a table, a stream pauses for a second. A page with events takes two reads. */
const READ_INTERVAL_MS = 1_000;
/** The longest pause of a quiet stream. */
const QUIET_INTERVAL_MS = 3_000;
/**
 * Four reads: the subscription that was read, the history after it, and a page with events. A pause follows each read, also the last.
 */
const LONGEST_PAUSE_MS = 4_000;
const QUIET_FACTOR = 1.5;
/** The most that one query and one batch read return. */
const PAGE = 100;
/** SEP-3415 asks for a heartbeat each 30 s. An edge-optimized API ends a stream that is idle for as long. */
const HEARTBEAT_MS = 10_000;
/** Codes of failures that pass. The stream continues. */
const PASSING: readonly number[] = [ProtocolErrorCode.InternalError, EventErrorCode.resourceExhausted];

export function streamMethod(types: EventTypes, dependencies: EventDependencies): ProtocolMethod {
  const { waits, now = Date.now } = dependencies;
  return {
    ...defineEventMethod({
      method: METHOD,
      scopes: [Scope.jobsRead],
      params: readingParams,
      async call(params, owner) {
        readReading(types, params, owner, now());
        return {};
      },
    }),
    async openStream({ id, params, endsAtMs }, { owner }) {
      try {
        const reading = readReading(types, params as z.output<typeof readingParams>, owner, now());
        const end = Math.min(endsAtMs, now() + MAX_RESUMABLE_MS);
        const release = await holdSlot(waits, owner, end - now());
        if (!release) throw waits.exhausted();
        try {
          const start = await startReading(dependencies, reading);
          return streamEvents(messages(id, dependencies, reading, start, end), release);
        } catch (error) {
          await release();
          throw error;
        }
      } catch (error) {
        return errorResponse(id, toProtocolError(METHOD, error));
      }
    },
  };
}

async function* messages(
  id: string | number,
  dependencies: EventDependencies,
  reading: Reading,
  start: ReadingStart,
  endsAtMs: number,
): AsyncGenerator<string> {
  const { now = Date.now, pause = timer } = dependencies;
  const { notify, end } = subscriptionMessages(id);
  const reader = new EventReader(dependencies, reading, start);
  const active = (cursor: string, truncated: boolean) =>
    notify('notifications/events/active', { cursor, truncated });
  yield active(reader.cursor, start.truncated);
  let quietMs = READ_INTERVAL_MS;
  for (let sentAtMs = now(); now() + LONGEST_PAUSE_MS < endsAtMs; ) {
    const page = await reader.read().catch((error: unknown) => toProtocolError(METHOD, error));
    quietMs = Math.min(quietMs * QUIET_FACTOR, QUIET_INTERVAL_MS);
    if (page instanceof ProtocolError) {
      const { code, message, data } = page;
      const isLasting = !PASSING.includes(code);
      yield notify(`notifications/events/${isLasting ? 'terminated' : 'error'}`, {
        error: { code, message, data },
      });
      if (isLasting) break;
    } else {
      if (page.gapAfter !== undefined) yield active(page.gapAfter, true);
      // In one chunk: each costs a call of the runtime.
      const events = page.occurrences.map((each) => notify('notifications/events/event', each)).join('');
      if (events) {
        yield events;
        sentAtMs = now();
        quietMs = READ_INTERVAL_MS;
      }
    }
    const pauseMs = Math.max(reader.takeCost() * READ_INTERVAL_MS, quietMs);
    if (now() - sentAtMs >= HEARTBEAT_MS) {
      yield notify('notifications/events/heartbeat', { cursor: reader.cursor });
      sentAtMs = now();
    } else {
      yield '';
    }
    await pause(pauseMs);
  }
  yield end();
}

interface Page extends OccurrencePage {
  /** A cursor; some events between it and this page were not kept. Absent without a gap. */
  readonly gapAfter?: string;
}

/** Reads page after page, and counts the reads of tables. */
class EventReader {
  readonly #dependencies: EventDependencies;
  readonly #reading: Reading;
  readonly #deliveries: Pick<DeliveryStore, 'listOfEndpoint'>;
  #history: History;
  #position: Position;
  #hasRead = false;
  /** The start has read the mailbox. */
  #cost = 1;

  constructor(dependencies: EventDependencies, reading: Reading, { history, position }: ReadingStart) {
    this.#dependencies = dependencies;
    this.#reading = reading;
    this.#history = history;
    this.#position = position;
    this.#deliveries = {
      listOfEndpoint: async (...query) => {
        this.#cost += 1;
        const page = await dependencies.deliveries.listOfEndpoint(...query);
        if (page.deliveries.length > 0) this.#cost += 1;
        return page;
      },
    };
  }

  /** Covers every event that was read. */
  get cursor(): string {
    return encodeCursor(this.#reading.subject, this.#position);
  }

  /** Returns the number of reads since the last call. */
  takeCost(): number {
    const cost = this.#cost;
    this.#cost = 0;
    return cost;
  }

  async read(): Promise<Page> {
    const hasGap = this.#hasRead && (await this.#moveOn());
    const gapAfter = hasGap ? this.cursor : undefined;
    const { subject } = this.#reading;
    const page = await readOccurrences(this.#deliveries, subject, this.#history, this.#position, PAGE);
    this.#position = page.position;
    this.#hasRead = true;
    return { ...page, ...(gapAfter !== undefined && { gapAfter }) };
  }

  /** Finds the history of the next page, without a read in a mailbox. @returns whether it begins with a gap */
  async #moveOn(): Promise<boolean> {
    const { owner, topic } = this.#reading;
    if (!this.#history.hasGap) {
      // A mailbox outlives the stream. A subscription may end.
      if (this.#history.endpointId !== mailboxId(owner, topic)) this.#cost += 1;
      const next = await continueHistory(this.#dependencies, owner, topic, this.#history, this.#position);
      if (next) {
        this.#history = next;
        return false;
      }
    }
    // The rest of a subscription's history that ended before the mailbox was opened.
    else if (this.#position.last) return false;
    this.#cost += 1;
    this.#history = await findHistory(this.#dependencies, owner, topic, this.#position);
    return this.#history.hasGap;
  }
}
