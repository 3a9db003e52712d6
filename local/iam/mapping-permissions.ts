/** Lists the permissions that a function's role needs for its event source mappings. Lambda's pollers use that role. */
import type { Iam } from './iam.ts';
import type { Session } from './sessions.ts';
import type { Call } from './statements.ts';

const STREAM_ACTIONS = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'];
const QUEUE_ACTIONS = ['DeleteMessage', 'GetQueueAttributes', 'ReceiveMessage'];

/** @param sourceArn of a table's stream or a queue */
export function pollingCalls(sourceArn: string): Call[] {
  const [service, actions] = sourceArn.startsWith('arn:aws:dynamodb:')
    ? ['dynamodb', STREAM_ACTIONS]
    : ['sqs', QUEUE_ACTIONS];
  return actions.map((action) => ({ action: `${service}:${action}`, resource: sourceArn }));
}

/** @param destinationArn of the queue or topic that receives failed batches */
export function failureDestinationCall(destinationArn: string): Call {
  const action = destinationArn.startsWith('arn:aws:sqs:') ? 'sqs:SendMessage' : 'sns:Publish';
  return { action, resource: destinationArn };
}

/** @throws Error naming the missing permission. AWS does not create such a mapping either */
export function checkMapping(iam: Iam, mapping: string, session: Session, calls: readonly Call[]): void {
  const missing = calls.find((call) => !iam.allows(session, call));
  if (!missing) return;
  throw new Error(
    `Mapping ${mapping}: the execution role ${session.role.name} does not have permissions to call ${missing.action} on ${missing.resource}. Grant this permission.`,
  );
}
