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

  /**
   * One call a queue, and one more for the messages that name deliveries, when there are any.
   * @returns the number of messages of each queue, and the attempts that at most ten messages request
   */
  async read(): Promise<{
    readonly queues: readonly DeadLetterCount[];
    readonly attempts: readonly AttemptMessage[];
  }> {
    const queues = await Promise.all([...this.#urls].map(([name, url]) => this.#count(name, url)));
    const hasDeliveries = queues.some(({ name, messages }) => name === DELIVERIES && messages > 0);
    return { queues, attempts: hasDeliveries ? await this.#look(this.#urls.get(DELIVERIES)) : [] };
  }

  async #count(name: string, QueueUrl: string): Promise<DeadLetterCount> {
    const { Attributes = {} } = await this.#client.send(
      new GetQueueAttributesCommand({
        QueueUrl,
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
      }),
    );
    return { name, messages: Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0) };
  }

  /** Hides no message from others. A look counts as a receive, which has no effect in a dead-letter queue. */
  async #look(QueueUrl: string | undefined): Promise<readonly AttemptMessage[]> {
    const { Messages = [] } = await this.#client.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: MAX_MESSAGES,
        VisibilityTimeout: 0,
        // Without a wait, SQS asks only some of its servers and may find nothing.
        WaitTimeSeconds: 1,
      }),
    );
    return Messages.flatMap(({ Body = '' }) => {
      const message = parseMessage(Body);
      return message?.type === 'attempt' ? [message] : [];
    });
  }
}
