/** Counts the deliveries of topics: fauxqs delivers to queues, and drops a message silently when a queue is gone. */

/** Receives whether a message of a topic reached a subscriber. */
export type OnTopicDelivery = (topicName: string, delivered: boolean) => void;

interface Form {
  readonly TopicArn?: string;
  readonly Protocol?: string;
  readonly Endpoint?: string;
  readonly SubscriptionArn?: string;
}

interface Subscription {
  readonly topicArn: string;
  readonly queueName: string;
}

/** Counts without filter policies: every subscriber gets every message. */
export class TopicDeliveries {
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #hasQueue: (name: string) => boolean;
  readonly #onDelivery: OnTopicDelivery;

  constructor(hasQueue: (name: string) => boolean, onDelivery: OnTopicDelivery) {
    this.#hasQueue = hasQueue;
    this.#onDelivery = onDelivery;
  }

  /** Receives each successful request. @param body the form of a request to SNS */
  onCall(action: string, body: unknown, response: string): void {
    const form = Object(body) as Form;
    const { TopicArn: topicArn = '', Protocol, Endpoint = '', SubscriptionArn = '' } = form;
    if (action === 'Subscribe' && Protocol === 'sqs') {
      const [, arn = ''] = /<SubscriptionArn>(.*?)</.exec(response) ?? [];
      this.#subscriptions.set(arn, { topicArn, queueName: lastOf(Endpoint) });
    }
    if (action === 'Unsubscribe') this.#subscriptions.delete(SubscriptionArn);
    const messages = action === 'Publish' ? 1 : action === 'PublishBatch' ? entriesOf(form) : 0;
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.topicArn !== topicArn) continue;
      const delivered = this.#hasQueue(subscription.queueName);
      for (let message = 0; message < messages; message++) this.#onDelivery(lastOf(topicArn), delivered);
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
