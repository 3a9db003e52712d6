/** Publishes events to the SNS topic in batches, with message attributes for filter policies. */
import { PublishBatchCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { EventSink, StreamEvent } from './publish-events.ts';

/** SNS limits a batch to 10 entries and 256 KiB; the bytes leave room for the attributes. */
const MAX_ENTRIES = 10;
const MAX_BYTES = 240 * 1024;

export class EventTopic implements EventSink {
  readonly #client: SNSClient;
  readonly #topicArn: string;

  constructor(client: SNSClient, topicArn: string) {
    this.#client = client;
    this.#topicArn = topicArn;
  }

  /**
   * Publishes events in order, ten a call.
   * @returns the first event that SNS rejected; later events may or may not be published then
   */
  async send(events: readonly StreamEvent[]): Promise<StreamEvent | undefined> {
    for (const batch of batchesOf(events)) {
      const { Failed = [] } = await this.#client.send(
        new PublishBatchCommand({
          TopicArn: this.#topicArn,
          PublishBatchRequestEntries: batch.map(({ event, job }, index) => ({
            Id: String(index),
            Message: JSON.stringify(event),
            MessageAttributes: attributes({
              type: event.type,
              operation: event.data.operation,
              status: event.data.status,
              owner: job.owner,
            }),
          })),
        }),
      );
      const first = batch[Math.min(...Failed.map(({ Id }) => Number(Id)))];
      if (first) {
        console.warn({ message: 'SNS rejected events', failed: Failed });
        return first;
      }
    }
    return undefined;
  }
}

function batchesOf(events: readonly StreamEvent[]): readonly (readonly StreamEvent[])[] {
  const batches: StreamEvent[][] = [];
  let bytes = 0;
  for (const event of events) {
    const size = Buffer.byteLength(JSON.stringify(event.event));
    const last = batches.at(-1);
    if (last && last.length < MAX_ENTRIES && bytes + size <= MAX_BYTES) {
      last.push(event);
      bytes += size;
    } else {
      batches.push([event]);
      bytes = size;
    }
  }
  return batches;
}

function attributes(values: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    Object.entries(values).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  );
}
