/** Counts the messages in the dead-letter queues, and finds the deliveries that some of them name. */
import { GetQueueAttributesCommand, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { type AttemptMessage, parseMessage } from '../../webhooks/deliveries/delivery-queue.ts';

/** The queue whose messages name deliveries. */
const DELIVERIES = 'deliveries';
/** SQS's largest batch. */
const MAX_MESSAGES = 10;

export interface DeadLetterCount {
  /** Name of the queue. */
  readonly name: string;
  /** SQS's approximate number of messages. */
  readonly messages: number;
}

export class DeadLetterQueues {
  readonly #client: SQSClient;
  readonly #urls: ReadonlyMap<string, string>;

  /** @param urls by the name of the queue */
  constructor(client: SQSClient, urls: Readonly<Record<string, string>>) {
    this.#client = client;
    this.#urls = new Map(Object.entries(urls));
  }

  /** One call a queue, in parallel. */
  async count(): Promise<readonly DeadLetterCount[]> {
    return Promise.all(
      [...this.#urls].map(async ([name, QueueUrl]) => {
        const { Attributes = {} } = await this.#client.send(
          new GetQueueAttributesCommand({
            QueueUrl,
            AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
          }),
        );
        const messages = Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
        return { name, messages };
      }),
    );
  }

  /**
   * One call: the attempts that at most ten messages request, without order. It hides no message from others: a look counts as
   * a receive, which has no effect in a dead-letter queue.
   */
  async attempts(): Promise<readonly AttemptMessage[]> {
    const { Messages = [] } = await this.#client.send(
      new ReceiveMessageCommand({
        QueueUrl: this.#urls.get(DELIVERIES),
        MaxNumberOfMessages: MAX_MESSAGES,
        VisibilityTimeout: 0,
      }),
    );
    return Messages.flatMap(({ Body = '' }) => {
      const message = parseMessage(Body);
      return message?.type === 'attempt' ? [message] : [];
    });
  }
}
