/** Lets messages wait in queues, fail until they are dead letters, and get lost on their way to subscribers. */

import { SubscribeCommand, UnsubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, DeleteQueueCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import type { DrillCloud } from '../drill-cloud.ts';
import type { Scenario } from '../scenario.ts';

/** The visibility timeout of the queues in the template, in seconds. */
const HIDDEN_SECONDS = 180;

export const queueScenarios: readonly Scenario[] = [
  {
    alarm: 'deliveries-old',
    cause: 'the event source mapping of the delivery queue is disabled',
    async begin(drill) {
      const end = drill.cause('stopped-consumer', 'Lambda::Function', /^WebhooksDeliver/);
      await drill.start('echo', { text: 'old' }, drill.receiver.url);
      return end;
    },
  },
  {
    alarm: 'starts-old',
    cause: 'a start is throttled, and nothing reads the queue of starts',
    async begin(drill) {
      const end = drill.cause('stopped-consumer', 'Lambda::Function', /^ExecutionQueueFunction/);
      const unthrottle = drill.cloud.throttle('StartExecution');
      const jobId = await drill.start('echo', { text: 'late' });
      unthrottle();
      return async () => {
        end();
        await drill.until(jobId);
      };
    },
  },
  {
    alarm: 'event-retries-old',
    cause: 'SNS does not take an event',
    async begin(drill) {
      const end = drill.cause('failing-topic', 'SNS::Topic', /^EventsTopic/);
      // Not the three minutes of the template, so that the event is published again soon after the end.
      await drill.hide(/^EventsRetries/, 10);
      await drill.until(await drill.start('echo', { text: 'untold' }));
      return async () => {
        end();
        await drill.drained(/^EventsRetries/);
        await drill.hide(/^EventsRetries/, HIDDEN_SECONDS);
      };
    },
  },
  {
    alarm: 'topic-failing',
    cause: 'the queue of a subscriber was deleted',
    async begin(drill) {
      const { sns, sqs } = drill.aws;
      const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'Subscriber' }));
      const { SubscriptionArn } = await sns.send(
        new SubscribeCommand({
          TopicArn: drill.cloud.outputs.EventsTopicArn,
          Protocol: 'sqs',
          Endpoint: 'arn:aws:sqs:us-east-1:000000000000:Subscriber',
        }),
      );
      await sqs.send(new DeleteQueueCommand({ QueueUrl }));
      await drill.until(await drill.start('echo', { text: 'undelivered' }));
      return async () => {
        await sns.send(new UnsubscribeCommand({ SubscriptionArn }));
      };
    },
  },
  {
    alarm: 'dead-letters-deliveries',
    cause: 'a message in the delivery queue names no delivery',
    begin: (drill) => poison(drill, /^WebhooksQueue[0-9A-F]{8}$/, /^WebhooksDeadLetters/),
  },
  {
    alarm: 'dead-letters-executions',
    cause: 'a message in the queue of starts names no job',
    begin: (drill) => poison(drill, /^ExecutionQueue[0-9A-F]{8}$/, /^ExecutionQueueDeadLetters/),
  },
  {
    alarm: 'rules-failing',
    cause: 'the permission of a rule to invoke its function is gone',
    begin: async (drill) => drill.cause('refused-rule', 'Events::Rule', /^WebhooksEveryFiveMinutes/),
  },
];

/** Sends a message that no consumer can read, and waits until it is a dead letter. */
async function poison(drill: DrillCloud, queue: RegExp, deadLetters: RegExp): Promise<() => Promise<void>> {
  await drill.hide(queue, 0);
  await drill.aws.sqs.send(
    new SendMessageCommand({ QueueUrl: drill.queueUrl(queue), MessageBody: 'poison' }),
  );
  await drill.drained(queue);
  await drill.hide(queue, HIDDEN_SECONDS);
  return () => drill.purge(deadLetters);
}
