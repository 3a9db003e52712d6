/** Turns the jobs table's stream into events for every sink, in order. A failed sink loses no event. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { DynamoDBBatchResponse, DynamoDBRecord } from 'aws-lambda';
import type { Job } from '../jobs/job.ts';
import { fromItem } from '../jobs/job-item.ts';
import { eventOf, type JobEvent } from './event.ts';

/** An event with the job at that time, and its position in the stream. */
export interface StreamEvent {
  readonly event: JobEvent;
  readonly job: Job;
  readonly sequenceNumber: string;
}

export interface EventSink {
  /**
   * Sends events in order. The stream may deliver an event more than once, so a sink may send it again.
   * @returns the first event that failed; later events may or may not be sent then
   */
  send(events: readonly StreamEvent[]): Promise<StreamEvent | undefined>;
}

export interface PublishDependencies {
  readonly sinks: readonly EventSink[];
  /** Stores a record that cannot be read. */
  readonly deadLetter: (record: DynamoDBRecord) => Promise<void>;
}

/**
 * Sends the events of a batch of records to every sink. When an event fails, the stream delivers its record and all later
 * records again, as long as it retains them. A record that cannot be read now cannot be read later either: it becomes a
 * dead letter at once, so that it blocks no other record.
 * @returns the sequence number of the first record to deliver again, if any
 * @throws Error when the dead-letter queue rejects a record
 */
export async function publishEvents(
  { sinks, deadLetter }: PublishDependencies,
  records: readonly DynamoDBRecord[],
): Promise<DynamoDBBatchResponse> {
  const events: StreamEvent[] = [];
  for (const record of records) {
    const sequenceNumber = record.dynamodb?.SequenceNumber ?? '';
    try {
      const found = readRecord(record);
      if (found) events.push({ ...found, sequenceNumber });
    } catch (error) {
      console.error({ message: 'A stream record cannot be read', sequenceNumber, error });
      await deadLetter(record);
    }
  }
  const failed = await Promise.all(sinks.map((sink) => sink.send(events)));
  const first = events.find((event) => failed.includes(event));
  return { batchItemFailures: first ? [{ itemIdentifier: first.sequenceNumber }] : [] };
}

function readRecord({ dynamodb = {} }: DynamoDBRecord): Omit<StreamEvent, 'sequenceNumber'> | undefined {
  const { OldImage, NewImage } = dynamodb;
  // A deleted record needs no event: its job ended, or failed to start, long before.
  if (!NewImage) return undefined;
  const job = toJob(NewImage);
  const event = eventOf(OldImage && toJob(OldImage), job);
  return event && { event, job };
}

/** @throws Error when the image is not a job */
function toJob(image: NonNullable<NonNullable<DynamoDBRecord['dynamodb']>['NewImage']>): Job {
  const job = fromItem(image as Record<string, AttributeValue>);
  if (!job.jobId || !job.owner || !job.status || !Number.isInteger(job.version)) {
    throw new Error('The stream record is not a job: it lacks jobId, owner, status or an integer version.');
  }
  return job;
}
