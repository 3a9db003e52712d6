/** Turns the jobs table's stream into events for every sink, in order. A failed sink loses no event and holds no other sink. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { DynamoDBBatchResponse, DynamoDBRecord } from 'aws-lambda';
import { type Job, logKeysOf } from '../jobs/job.ts';
import { fromItem } from '../jobs/job-item.ts';
import { log } from '../shared/observability/log.ts';
import { EventType, eventOf } from './event.ts';
import { type EventSink, type QueuedEvent, queuedEvent, type StreamEvent, sendTo } from './event-sink.ts';
import { type JobChange, publishJobMetrics } from './job-metrics.ts';

export interface PublishDependencies {
  readonly sinks: readonly EventSink[];
  /** Stores a record that cannot be read, or an event that a sink refuses for good. */
  readonly deadLetter: (letter: DynamoDBRecord | QueuedEvent) => Promise<void>;
  /** Queues an event for a sink that failed. */
  readonly retryLater: (event: QueuedEvent) => Promise<void>;
}

/**
 * Sends the events of a batch of records to every sink. The events that a sink does not take wait in a queue, and the shard goes
 * on: it has the records of all owners. What can never succeed becomes a dead letter at once: a record that cannot be read, and
 * an event that a sink refuses for good. Writes the metrics of the records that are done, so that one that the stream delivers
 * again counts once.
 * @returns the sequence number of the first record that neither its sink nor the queue took, if any: the stream delivers it and
 *   all later records again
 * @throws Error when the dead-letter queue rejects a letter
 */
export async function publishEvents(
  { sinks, deadLetter, retryLater }: PublishDependencies,
  records: readonly DynamoDBRecord[],
): Promise<DynamoDBBatchResponse> {
  const changes = new Map<StreamEvent, JobChange & { readonly sequenceNumber: string }>();
  for (const record of records) {
    const sequenceNumber = record.dynamodb?.SequenceNumber ?? '';
    try {
      const found = readRecord(record);
      if (found) changes.set(found.event, { ...found.change, sequenceNumber });
    } catch (error) {
      log.error('A stream record cannot be read', {
        job_id: record.dynamodb?.Keys?.jobId?.S,
        sequenceNumber,
        error,
      });
      await deadLetter(record);
    }
  }
  const events = [...changes.keys()];
  const unsent = new Set<StreamEvent>();
  /** Names of the sinks that did not take an event. */
  const notTaken = new Map<StreamEvent, string[]>(events.map((event) => [event, []]));
  await Promise.all(
    sinks.map(async (sink) => {
      const { failed, refused } = await sendTo(sink, events);
      for (const event of [...failed, ...refused]) notTaken.get(event)?.push(sink.name);
      await Promise.all([
        ...refused.map((event) => deadLetter(queuedEvent(sink, event))),
        ...failed.map((event) =>
          retryLater(queuedEvent(sink, event)).catch((error: unknown) => {
            log.error('An event was neither sent nor queued', { ...eventKeys(event), error });
            unsent.add(event);
          }),
        ),
      ]);
    }),
  );
  for (const [source, sinksWithout] of notTaken) {
    if (sinksWithout.length > 0) log.warn('Event not taken', { ...eventKeys(source), sinks: sinksWithout });
    // Progress comes every second.
    else if (source.event.type === EventType.progress) log.debug('Event published', eventKeys(source));
    else log.info('Event published', eventKeys(source));
  }
  const first = events.find((event) => unsent.has(event));
  const done = first ? events.slice(0, events.indexOf(first)) : events;
  publishJobMetrics(done.flatMap((event) => changes.get(event) ?? []));
  return { batchItemFailures: first ? [{ itemIdentifier: changes.get(first)?.sequenceNumber ?? '' }] : [] };
}

function eventKeys({ event, job }: StreamEvent) {
  return { ...logKeysOf({ ...job, operation: event.data.operation }), event: event.type };
}

/** @returns undefined for a change without an event */
function readRecord({
  dynamodb = {},
}: DynamoDBRecord): { readonly event: StreamEvent; readonly change: JobChange } | undefined {
  const { OldImage, NewImage } = dynamodb;
  // A deleted record needs no event: its job ended, or failed to start, long before.
  if (!NewImage) return undefined;
  const before = OldImage && toJob(OldImage);
  const after = toJob(NewImage);
  const event = eventOf(before, after);
  return event && { event: { event, job: after }, change: { before, after } };
}

/** @throws Error when the image is not a job */
function toJob(image: NonNullable<NonNullable<DynamoDBRecord['dynamodb']>['NewImage']>): Job {
  const job = fromItem(image as Record<string, AttributeValue>);
  if (!job.jobId || !job.owner || !job.status || !Number.isInteger(job.version)) {
    throw new Error('The stream record is not a job: it lacks jobId, owner, status or an integer version.');
  }
  return job;
}
