/** Handles each queue message separately, so that a failed message does not repeat the others. */
import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { parseMessage } from '../deliveries/delivery-queue.ts';
import { type DeliverDependencies, deliver } from './deliver.ts';
import { verifySubscription } from './verify-subscription.ts';

/**
 * Delivers or verifies, by the type of each message. A malformed message fails each time, and so reaches the dead-letter
 * queue, where an operator can inspect it.
 * @returns the ids of the failed messages, which SQS delivers again
 */
export async function consumeQueue(
  dependencies: DeliverDependencies,
  records: readonly Pick<SQSRecord, 'messageId' | 'body'>[],
): Promise<SQSBatchResponse> {
  const failures = await Promise.all(
    records.map(async ({ messageId, body }) => {
      try {
        const message = parseMessage(body);
        if (!message) throw new Error('The queue message is not a delivery or a verification.');
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
