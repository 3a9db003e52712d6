/**
 * Handles each queue message separately, so that a failed message does not repeat the others. An owner's messages share a
 * slot; when its slots are taken, they return to the queue, so that slow receivers of one owner do not delay other owners.
 */
import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import type { OwnerSlots } from '../../shared/aws/owner-slots.ts';
import { log, withLogKeys } from '../../shared/observability/log.ts';
import type { LogKeys } from '../../shared/observability/log-keys.ts';
import { deliveryId } from '../deliveries/delivery.ts';
import { type DeliveryMessage, parseMessage } from '../deliveries/delivery-queue.ts';
import { type DeliverDependencies, deliver } from './deliver.ts';
import { verifySubscription } from './verify-subscription.ts';

export interface ConsumeDependencies extends DeliverDependencies {
  /** Limits the batches of an owner that are sent at once. */
  readonly slots: Pick<OwnerSlots, 'take'>;
}

interface Received {
  readonly messageId: string;
  readonly message: DeliveryMessage;
}

/** A request takes 17 s at most: 15 s until the status, and two for the body. */
const HOLD_MS = 20_000;
/** Each deferral waits longer, so that a large backlog of one owner costs few invocations. */
const DEFERRAL_STEP_MS = 1_000;
const MAX_DEFERRAL_MS = 60_000;

/**
 * Delivers or verifies, by the type of each message. A malformed message fails each time, and so reaches the dead-letter
 * queue, where an operator can inspect it.
 * @returns the ids of the failed messages, which SQS delivers again
 */
export async function consumeQueue(
  dependencies: ConsumeDependencies,
  records: readonly Pick<SQSRecord, 'messageId' | 'body'>[],
): Promise<SQSBatchResponse> {
  const received: Received[] = [];
  const failed: string[] = [];
  for (const { messageId, body } of records) {
    const message = parseMessage(body);
    if (message) received.push({ messageId, message });
    else {
      reportFailure(messageId, new Error('The queue message is not a delivery or a verification.'));
      failed.push(messageId);
    }
  }
  const groups = [...Map.groupBy(received, ({ message }) => message.owner)];
  const failedOfGroups = await Promise.all(
    groups.map(([owner, group]) => handleGroup(dependencies, owner, group)),
  );
  return {
    batchItemFailures: [...failed, ...failedOfGroups.flat()].map((itemIdentifier) => ({ itemIdentifier })),
  };
}

/** Handles the messages of one owner. @returns the ids of the failed messages */
async function handleGroup(
  dependencies: ConsumeDependencies,
  owner: string,
  group: readonly Received[],
): Promise<readonly string[]> {
  const release = await dependencies.slots.take(owner, HOLD_MS);
  if (!release) {
    log.debug('The owner has too many requests under way; deferring', { owner, messages: group.length });
    return defer(dependencies, group);
  }
  try {
    const failures = await Promise.all(
      group.map((each) => withLogKeys(keysOf(each.message), () => handle(dependencies, each))),
    );
    return failures.filter((messageId) => messageId !== undefined);
  } finally {
    await release();
  }
}

function keysOf(message: DeliveryMessage): LogKeys {
  const { owner } = message;
  if (message.type === 'verification') return { owner };
  return { owner, job_id: message.jobId, delivery_id: deliveryId(message), attempt: message.attempt };
}

/** @returns the id of the message when it failed */
async function handle(
  dependencies: DeliverDependencies,
  { messageId, message }: Received,
): Promise<string | undefined> {
  try {
    if (message.type === 'verification') await verifySubscription(dependencies, message);
    else await deliver(dependencies, message);
    return undefined;
  } catch (error) {
    reportFailure(messageId, error);
    return messageId;
  }
}

/**
 * Queues copies of the messages with a delay. Receives of a message that returns by itself would count, and the message would
 * become a dead letter.
 * @returns the ids of the messages that were not queued
 */
async function defer({ queue }: DeliverDependencies, group: readonly Received[]): Promise<readonly string[]> {
  const unsent = await queue
    .sendAll(
      group.map(({ message: { deferrals = 0, ...message } }) => ({
        message: { ...message, deferrals: deferrals + 1 },
        delayMs: deferralMs(deferrals),
      })),
    )
    .catch((error: unknown) => {
      reportFailure(group.map(({ messageId }) => messageId).join(', '), error);
      return new Set(group.keys());
    });
  return group.filter((_, index) => unsent.has(index)).map(({ messageId }) => messageId);
}

/** Returns one to two seconds at first, and a second more each time. */
function deferralMs(deferrals: number): number {
  return Math.min((deferrals + 1 + Math.random()) * DEFERRAL_STEP_MS, MAX_DEFERRAL_MS);
}

function reportFailure(messageId: string, error: unknown): void {
  log.error('A queue message failed', { message_id: messageId, error });
}
