/** Sends events and stream records that cannot be published to a dead-letter queue, where an operator can inspect them. */
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBRecord } from 'aws-lambda';
import { MAX_MESSAGE_BYTES, messageText } from '../shared/aws/message-text.ts';
import type { QueuedEvent } from './event-sink.ts';

export class DeadLetters {
  readonly #client: SQSClient;
  readonly #queueUrl: string;

  constructor(client: SQSClient, queueUrl: string) {
    this.#client = client;
    this.#queueUrl = queueUrl;
  }

  /** Sends the letter as JSON; of a record that is too large, sends only its position in the stream. */
  async send(letter: DynamoDBRecord | QueuedEvent): Promise<void> {
    const whole = messageText(letter);
    const MessageBody =
      Buffer.byteLength(whole) <= MAX_MESSAGE_BYTES ? whole : messageText(positionOf(letter));
    await this.#client.send(new SendMessageCommand({ QueueUrl: this.#queueUrl, MessageBody }));
  }
}

function positionOf(letter: DynamoDBRecord | QueuedEvent): object {
  if ('sink' in letter) return { sink: letter.sink, event: { id: letter.event.id } };
  const { SequenceNumber, Keys } = letter.dynamodb ?? {};
  return { eventSourceARN: letter.eventSourceARN, dynamodb: { SequenceNumber, Keys } };
}
