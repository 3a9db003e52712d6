/** Counts the deliveries of topics: fauxqs delivers to queues, and drops a message silently when a queue is gone. */

/** Receives whether a message of a topic reached a subscriber. */
export type OnTopicDelivery = (topicName: string, delivered: boolean) => void;

interface Form {
  readonly TopicArn?: string;
  readonly Protocol?: string;
  readonly Endpoint?: string;
}

/** Counts without filter policies: every subscriber gets every message. */
export class TopicDeliveries {
  readonly #queuesOfTopic = new Map<string, string[]>();
  readonly #hasQueue: (name: string) => boolean;
  readonly #onDelivery: OnTopicDelivery;

  constructor(hasQueue: (name: string) => boolean, onDelivery: OnTopicDelivery) {
    this.#hasQueue = hasQueue;
    this.#onDelivery = onDelivery;
  }

  /** Receives each successful request. @param body the form of a request to SNS */
  onCall(action: string, body: unknown): void {
    const form = Object(body) as Form;
    const { TopicArn = '', Protocol, Endpoint = '' } = form;
    if (action === 'Subscribe' && Protocol === 'sqs') {
      this.#queuesOfTopic.set(TopicArn, [...(this.#queuesOfTopic.get(TopicArn) ?? []), lastOf(Endpoint)]);
    }
    const messages = action === 'Publish' ? 1 : action === 'PublishBatch' ? entriesOf(form) : 0;
    for (const queue of this.#queuesOfTopic.get(TopicArn) ?? []) {
      for (let message = 0; message < messages; message++)
        this.#onDelivery(lastOf(TopicArn), this.#hasQueue(queue));
    }
  }
}

function lastOf(arn: string): string {
  return arn.split(':').at(-1) ?? '';
}

function entriesOf(form: object): number {
  return Object.keys(form).filter((name) => /^PublishBatchRequestEntries\.\w+\.\d+\.Message$/.test(name))
    .length;
}
