/** From the table's stream to the topic: each change in its order, and none lost when one fails. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { DynamoDBBatchResponse, DynamoDBRecord } from 'aws-lambda';
import type { Job } from '../jobs/job.ts';
import { fromItem } from '../jobs/job-item.ts';
import { eventOf, type JobEvent } from './event.ts';
import type { EventTopic } from './event-topic.ts';

/** An event with its owner, and its place in the stream. */
export interface TopicEvent {
  readonly event: JobEvent;
  readonly owner: string;
  readonly sequenceNumber: string;
}

/**
 * Publishes what a batch of records tells. It stops at the first that fails: the stream delivers it and all after it
 * again, and sets it aside when it fails every time.
 */
export async function publishEvents(
  topic: EventTopic,
  records: readonly DynamoDBRecord[],
): Promise<DynamoDBBatchResponse> {
  const events: TopicEvent[] = [];
  let failed: string | undefined;
  for (const record of records) {
    const sequenceNumber = record.dynamodb?.SequenceNumber ?? '';
    try {
      const told = readRecord(record);
      if (told) events.push({ ...told, sequenceNumber });
    } catch (error) {
      console.error({ message: 'A stream record cannot be read', sequenceNumber, error });
      failed = sequenceNumber;
      break;
    }
  }
  const unpublished = await topic.publish(events);
  const itemIdentifier = unpublished?.sequenceNumber ?? failed;
  return { batchItemFailures: itemIdentifier === undefined ? [] : [{ itemIdentifier }] };
}

function readRecord({ dynamodb = {} }: DynamoDBRecord): Omit<TopicEvent, 'sequenceNumber'> | undefined {
  const { OldImage, NewImage } = dynamodb;
  // A deleted record: its job had ended, and that was told.
  if (!NewImage) return undefined;
  const after = toJob(NewImage);
  const event = eventOf(OldImage && toJob(OldImage), after);
  return event && { event, owner: after.owner };
}

/** @throws Error when the image is no job. */
function toJob(image: NonNullable<NonNullable<DynamoDBRecord['dynamodb']>['NewImage']>): Job {
  const job = fromItem(image as Record<string, AttributeValue>);
  if (!job.jobId || !job.owner || !job.status || !Number.isInteger(job.version)) {
    throw new Error('The record is no job.');
  }
  return job;
}
