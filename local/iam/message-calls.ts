/** What a request to SQS or SNS does, and to which queue or topic. */
import { arn } from '../shared/aws-names.ts';
import { queueArn } from './resource-policies.ts';
import type { Call } from './statements.ts';

/** @param input the request's JSON */
export function queueCall(
  action: string,
  { QueueUrl, QueueName }: { readonly QueueUrl?: string; readonly QueueName?: string },
): Call {
  // Some name a queue that they have no URL of, or that is not there yet.
  const byName = action === 'CreateQueue' || action === 'GetQueueUrl';
  const queue = byName ? QueueName : QueueUrl;
  return { action: `sqs:${withoutBatch(action)}`, resource: queue === undefined ? '*' : queueArn(queue) };
}

/** @param input the request's form */
export function topicCall(action: string, input: Readonly<Record<string, string | undefined>>): Call {
  const called = `sns:${withoutBatch(action)}`;
  if (action === 'CreateTopic') return { action: called, resource: arn('sns', input.Name ?? '') };
  const subscription = /Unsubscribe|SubscriptionAttributes$/.test(action);
  const tagged = /Tag/.test(action);
  const name = subscription ? input.SubscriptionArn : tagged ? input.ResourceArn : input.TopicArn;
  return { action: called, resource: topicOf(name) ?? '*' };
}

/** Policies know no batches: sending many is sending. */
function withoutBatch(action: string): string {
  return action.replace(/Batch$/, '');
}

/** A subscription's ARN is its topic's, and an id. */
function topicOf(nameOrSubscription: string | undefined): string | undefined {
  return nameOrSubscription?.split(':').slice(0, 6).join(':');
}
