/** From the table's stream to those who tell of it: each change in its order, and none lost when one fails. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { DynamoDBBatchResponse, DynamoDBRecord } from 'aws-lambda';
import type { Job } from '../jobs/job.ts';
import { fromItem } from '../jobs/job-item.ts';
import { eventOf, type JobEvent } from './event.ts';

/** An event with the job as it was then, and its place in the stream. */
export interface ToldEvent {
  readonly event: JobEvent;
  readonly job: Job;
  readonly sequenceNumber: string;
}

export interface EventSink {
  /**
   * Tells of events in their order; of one that was told before it may tell again.
   * @returns the first that it could not tell of; then it may or may not have told of those after it.
   */
  send(events: readonly ToldEvent[]): Promise<ToldEvent | undefined>;
}

export interface PublishDependencies {
  readonly sinks: readonly EventSink[];
  /** Where a record is put that tells nothing which could be understood. */
  readonly setAside: (record: DynamoDBRecord) => Promise<void>;
}

/**
 * Tells every sink what a batch of records tells. Where one fails, the stream delivers that record and all after it
 * again, as long as it keeps them. A record that cannot be read will not be readable later: it is set aside at once, so
 * that it stops nobody.
 */
export async function publishEvents(
  { sinks, setAside }: PublishDependencies,
  records: readonly DynamoDBRecord[],
): Promise<DynamoDBBatchResponse> {
  const events: ToldEvent[] = [];
  for (const record of records) {
    const sequenceNumber = record.dynamodb?.SequenceNumber ?? '';
    try {
      const told = readRecord(record);
      if (told) events.push({ ...told, sequenceNumber });
    } catch (error) {
      console.error({ message: 'A stream record cannot be read', sequenceNumber, error });
      await setAside(record);
    }
  }
  const untold = await Promise.all(sinks.map((sink) => sink.send(events)));
  const first = events.find((event) => untold.includes(event));
  return { batchItemFailures: first ? [{ itemIdentifier: first.sequenceNumber }] : [] };
}

function readRecord({ dynamodb = {} }: DynamoDBRecord): Omit<ToldEvent, 'sequenceNumber'> | undefined {
  const { OldImage, NewImage } = dynamodb;
  // A deleted record: its job was over, or had never been started, long ago.
  if (!NewImage) return undefined;
  const job = toJob(NewImage);
  const event = eventOf(OldImage && toJob(OldImage), job);
  return event && { event, job };
}

/** @throws Error when the image is no job. */
function toJob(image: NonNullable<NonNullable<DynamoDBRecord['dynamodb']>['NewImage']>): Job {
  const job = fromItem(image as Record<string, AttributeValue>);
  if (!job.jobId || !job.owner || !job.status || !Number.isInteger(job.version)) {
    throw new Error('The record is no job.');
  }
  return job;
}
