/** Defines what receives events: the topic, or webhooks. */
import type { Job } from '../jobs/job.ts';
import type { LookedAt } from '../jobs/watch.ts';
import { log } from '../shared/observability/log.ts';
import type { JobEvent } from './event.ts';

/** An event with the facts of its job that sinks need. */
export interface StreamEvent {
  readonly event: JobEvent;
  readonly job: Pick<Job, 'jobId' | 'owner' | 'version' | 'callback' | 'expiresAt' | 'trace'> & LookedAt;
}

/** The events that a sink did not take. */
export interface SinkOutcome {
  /** Events to send again later. */
  readonly failed: readonly StreamEvent[];
  /** Events that the sink would refuse again: they become dead letters. */
  readonly refused: readonly StreamEvent[];
}

export interface EventSink {
  /** Names the sink in queue messages. */
  readonly name: string;
  /** Sends events in order. An event may come more than once, so a sink may send it again. */
  send(events: readonly StreamEvent[]): Promise<SinkOutcome>;
}

/** Sends events to a sink. A sink that throws fails them all. */
export async function sendTo(sink: EventSink, events: readonly StreamEvent[]): Promise<SinkOutcome> {
  try {
    return await sink.send(events);
  } catch (error) {
    log.warn('A sink of events failed; its events are sent again later', { sink: sink.name, error });
    return { failed: events, refused: [] };
  }
}

/** An event on its way to one sink. */
export interface QueuedEvent extends StreamEvent {
  /** Name of the sink. */
  readonly sink: string;
}

/** @returns the part of an event that its sink needs; an event is bounded, so it always fits into a message */
export function queuedEvent({ name }: EventSink, { event, job }: StreamEvent): QueuedEvent {
  const { jobId, owner, version, callback, expiresAt, trace } = job;
  return {
    sink: name,
    event,
    job: { jobId, owner, version, ...(callback && { callback }), expiresAt, ...(trace && { trace }) },
  };
}
