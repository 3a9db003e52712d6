/** Fails requests to topics and queues, for tests and drills. */
import type { Faults } from '../faults.ts';
import type { ErrorResponse } from '../iam/storage-guard.ts';

interface Input {
  readonly TopicArn?: string;
  readonly QueueUrl?: string;
  readonly Entries?: readonly { readonly Id: string }[];
}

/** @param body of the request @returns the response of a request that a fault fails */
export function storageFault(faults: Faults, action: string, body: unknown): ErrorResponse | undefined {
  const { TopicArn = '', QueueUrl = '', Entries = [] } = Object(body) as Input;
  if (action.startsWith('Publish') && faults.isActive('failing-topic', lastOf(TopicArn, ':'))) {
    const text =
      '<ErrorResponse><Error><Type>Receiver</Type><Code>InternalError</Code><Message>SNS failed.</Message></Error></ErrorResponse>';
    return { status: 500, headers: { 'content-type': 'application/xml' }, body: text };
  }
  if (action === 'SendMessageBatch' && faults.isActive('rejecting-queue', lastOf(QueueUrl, '/'))) {
    const Failed = Entries.map(({ Id }) => ({ Id, SenderFault: false, Code: 'InternalError' }));
    const headers = { 'content-type': 'application/x-amz-json-1.0' };
    return { status: 200, headers, body: JSON.stringify({ Successful: [], Failed }) };
  }
  return undefined;
}

function lastOf(text: string, separator: string): string {
  return text.split(separator).at(-1) ?? '';
}
