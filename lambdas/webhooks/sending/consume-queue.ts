/** From queue messages to attempts: each on its own, so that one that fails does not repeat the others. */
import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { parseMessage } from '../deliveries/delivery-queue.ts';
import { type DeliverDependencies, deliver } from './deliver.ts';
import { verifySubscription } from './verify-subscription.ts';

/** A message that is not ours fails each time, and so ends in the dead-letter queue for somebody to look at. */
export async function handleMessages(
  dependencies: DeliverDependencies,
  records: readonly Pick<SQSRecord, 'messageId' | 'body'>[],
): Promise<SQSBatchResponse> {
  const failures = await Promise.all(
    records.map(async ({ messageId, body }) => {
      try {
        const message = parseMessage(body);
        if (!message) throw new Error('The message is no delivery.');
        if (message.type === 'verification') await verifySubscription(dependencies, message);
        else await deliver(dependencies, message);
        return [];
      } catch (error) {
        console.error({ message: 'A queue message failed', messageId, error });
        return [{ itemIdentifier: messageId }];
      }
    }),
  );
  return { batchItemFailures: failures.flat() };
}
