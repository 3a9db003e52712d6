/** The queue of stream records that nothing can be told from, for an operator to look at. */
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBRecord } from 'aws-lambda';

/** SQS's own limit is 1 MiB for a message; an item has 400 KB, and a record two of them. */
const MAX_CHARACTERS = 200_000;

export class DeadLetters {
  readonly #client: SQSClient;
  readonly #queueUrl: string;

  constructor(client: SQSClient, queueUrl: string) {
    this.#client = client;
    this.#queueUrl = queueUrl;
  }

  /** The record as JSON, or of one that is too large where it is in the stream. */
  async send(record: DynamoDBRecord): Promise<void> {
    const whole = JSON.stringify(record);
    const { SequenceNumber, Keys } = record.dynamodb ?? {};
    const place = { eventSourceARN: record.eventSourceARN, dynamodb: { SequenceNumber, Keys } };
    await this.#client.send(
      new SendMessageCommand({
        QueueUrl: this.#queueUrl,
        MessageBody: whole.length <= MAX_CHARACTERS ? whole : JSON.stringify(place),
      }),
    );
  }
}
