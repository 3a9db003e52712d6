/** Queues events that a sink did not take, and sends them again. So a sink that fails holds neither the stream nor other sinks. */
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { logKeysOf } from '../jobs/job.ts';
import { messageText } from '../shared/aws/message-text.ts';
import { addLogKeys, log, withLogKeys } from '../shared/observability/log.ts';
import { type EventSink, type QueuedEvent, sendTo } from './event-sink.ts';

export class EventRetries {
  readonly #client: SQSClient;
  readonly #queueUrl: string;

  constructor(client: SQSClient, queueUrl: string) {
    this.#client = client;
    this.#queueUrl = queueUrl;
  }

  /** @throws Error when SQS does not take the event */
  async send(event: QueuedEvent): Promise<void> {
    await this.#client.send(
      new SendMessageCommand({ QueueUrl: this.#queueUrl, MessageBody: messageText(event) }),
    );
  }
}

/**
 * Sends queued events to their sinks again.
 * @returns the messages whose events failed again: SQS delivers them later, and to the dead-letter queue after a day
 */
export async function retryEvents(
  {
    sinks,
    deadLetter,
  }: { readonly sinks: readonly EventSink[]; readonly deadLetter: (event: QueuedEvent) => Promise<void> },
  messages: readonly Pick<SQSRecord, 'messageId' | 'body'>[],
): Promise<SQSBatchResponse> {
  const failures = await Promise.all(
    messages.map(({ messageId, body }) =>
      withLogKeys({}, async () => {
        try {
          const queued = JSON.parse(body) as QueuedEvent;
          addLogKeys(logKeysOf({ ...queued.job, operation: queued.event.data.operation }));
          const sink = sinks.find(({ name }) => name === queued.sink);
          if (!sink) throw new Error(`The queue message names no sink: "${queued.sink}".`);
          const { failed, refused } = await sendTo(sink, [queued]);
          if (refused.length > 0) await deadLetter(queued);
          if (failed.length > 0) return [{ itemIdentifier: messageId }];
          if (refused.length === 0)
            log.info('Event published', { event: queued.event.type, sink: sink.name });
          return [];
        } catch (error) {
          log.error('A queued event failed', { message_id: messageId, error });
          return [{ itemIdentifier: messageId }];
        }
      }),
    ),
  );
  return { batchItemFailures: failures.flat() };
}
