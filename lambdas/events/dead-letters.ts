/** Sends unreadable stream records to a dead-letter queue, where an operator can inspect them. */
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBRecord } from 'aws-lambda';

/** SQS limits a message to 1 MiB. An item has at most 400 KB, and a record holds two items. */
const MAX_CHARACTERS = 200_000;

export class DeadLetters {
  readonly #client: SQSClient;
  readonly #queueUrl: string;

  constructor(client: SQSClient, queueUrl: string) {
    this.#client = client;
    this.#queueUrl = queueUrl;
  }

  /** Sends the record as JSON; when it is too large, sends only its position in the stream. */
  async send(record: DynamoDBRecord): Promise<void> {
    const whole = JSON.stringify(record);
    const { SequenceNumber, Keys } = record.dynamodb ?? {};
    const position = { eventSourceARN: record.eventSourceARN, dynamodb: { SequenceNumber, Keys } };
    await this.#client.send(
      new SendMessageCommand({
        QueueUrl: this.#queueUrl,
        MessageBody: whole.length <= MAX_CHARACTERS ? whole : JSON.stringify(position),
      }),
    );
  }
}
