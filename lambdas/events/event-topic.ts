/** The SNS topic that tells of events: attributes for filter policies, messages in batches. */
import { PublishBatchCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { EventSink, ToldEvent } from './publish-events.ts';

/** SNS's limits of one batch; the bytes leave room for the attributes. */
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
   * Publishes events in their order, ten a call.
   * @returns the first that SNS did not take; then those after it may or may not have been published.
   */
  async send(events: readonly ToldEvent[]): Promise<ToldEvent | undefined> {
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
        console.warn({ message: 'SNS did not take every event', failed: Failed });
        return first;
      }
    }
    return undefined;
  }
}

function batchesOf(events: readonly ToldEvent[]): readonly (readonly ToldEvent[])[] {
  const batches: ToldEvent[][] = [];
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
