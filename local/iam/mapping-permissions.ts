/** What the role of a function needs for its event source mappings: Lambda's pollers act with it. */
import type { Iam } from './iam.ts';
import type { Session } from './sessions.ts';
import type { Call } from './statements.ts';

const STREAM_ACTIONS = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'];
const QUEUE_ACTIONS = ['DeleteMessage', 'GetQueueAttributes', 'ReceiveMessage'];

/** Of a table's stream or a queue, by its ARN. */
export function pollingCalls(sourceArn: string): Call[] {
  const [service, actions] = sourceArn.startsWith('arn:aws:dynamodb:')
    ? ['dynamodb', STREAM_ACTIONS]
    : ['sqs', QUEUE_ACTIONS];
  return actions.map((action) => ({ action: `${service}:${action}`, resource: sourceArn }));
}

/** To set aside what has failed: to a queue or a topic, by its ARN. */
export function settingAside(destinationArn: string): Call {
  const action = destinationArn.startsWith('arn:aws:sqs:') ? 'sqs:SendMessage' : 'sns:Publish';
  return { action, resource: destinationArn };
}

/** @throws Error for what the role lacks: AWS, too, does not create such a mapping */
export function checkMapping(iam: Iam, mapping: string, session: Session, calls: readonly Call[]): void {
  const lacking = calls.find((call) => !iam.allows(session, call));
  if (!lacking) return;
  throw new Error(
    `Mapping ${mapping}: the execution role ${session.role.name} does not have permissions to call ${lacking.action} on ${lacking.resource}. Grant it that.`,
  );
}
