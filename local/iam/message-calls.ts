/** Maps requests to SQS and SNS to IAM calls. */
import { arn } from '../shared/aws-names.ts';
import { queueArn } from './resource-policies.ts';
import type { Call } from './statements.ts';

/** @param input the request's JSON */
export function queueCall(
  action: string,
  { QueueUrl, QueueName }: { readonly QueueUrl?: string; readonly QueueName?: string },
): Call {
  // These actions name a queue whose URL is unknown, or that does not exist yet.
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

/** Policies have no batch actions: a batch needs the permission of the single action. */
function withoutBatch(action: string): string {
  return action.replace(/Batch$/, '');
}

/** The ARN of a subscription is the ARN of its topic and an id. */
function topicOf(nameOrSubscription: string | undefined): string | undefined {
  return nameOrSubscription?.split(':').slice(0, 6).join(':');
}
