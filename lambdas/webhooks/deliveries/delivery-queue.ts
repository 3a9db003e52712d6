/** Sends SQS messages for deliveries and verifications. A message names its delivery and never has its content. */
import { createHash } from 'node:crypto';
import { SendMessageBatchCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { log } from '../../shared/observability/log.ts';
import type { Delivery } from './delivery.ts';

/** SQS's limit. */
export const MAX_QUEUE_DELAY_MS = 15 * 60 * 1000;
const MAX_ENTRIES = 10;

export interface AttemptMessage {
  readonly type: 'attempt';
  readonly owner: string;
  readonly endpointId: string;
  readonly jobId: string;
  readonly deliveryKey: string;
  /** The number of the requested attempt, from 1: a repeated message finds it already made. */
  readonly attempt: number;
  /** Redriven from the dead-letter queue: the message may restart the schedule of a failed delivery. */
  readonly again?: true;
  readonly deferrals?: number;
}

/** Requests a verification of a new subscription's receiver. */
export interface VerificationMessage {
  readonly type: 'verification';
  readonly owner: string;
  readonly endpointId: string;
  readonly deferrals?: number;
}

/** `deferrals` is how often the message was queued again because its owner had too many requests under way. */
export type DeliveryMessage = AttemptMessage | VerificationMessage;

/** Returns the message for one attempt of a delivery. */
export function attemptMessage(
  { owner, endpointId, jobId, deliveryKey }: Delivery,
  attempt: number,
): AttemptMessage {
  return { type: 'attempt', owner, endpointId, jobId, deliveryKey, attempt };
}

/** @returns undefined for a malformed message */
export function parseMessage(body: string): DeliveryMessage | undefined {
  const value = parseJson(body);
  if (typeof value !== 'object' || value === null) return undefined;
  const { type, owner, endpointId, jobId, deliveryKey, attempt, again, ...rest } = value as Record<
    string,
    unknown
  >;
  if (typeof owner !== 'string' || typeof endpointId !== 'string') return undefined;
  const deferred = typeof rest.deferrals === 'number' ? { deferrals: rest.deferrals } : {};
  if (type === 'verification') return { type, owner, endpointId, ...deferred };
  if (type !== 'attempt' || typeof jobId !== 'string' || typeof deliveryKey !== 'string') return undefined;
  if (!Number.isInteger(attempt)) return undefined;
  const message = { type, owner, endpointId, jobId, deliveryKey, attempt: attempt as number } as const;
  return { ...message, ...(again === true && { again }), ...deferred };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export class DeliveryQueue {
  readonly #client: SQSClient;
  readonly #queueUrl: string;

  constructor(client: SQSClient, queueUrl: string) {
    this.#client = client;
    this.#queueUrl = queueUrl;
  }

  /** @param delayMs at most `MAX_QUEUE_DELAY_MS` */
  async send(message: DeliveryMessage, delayMs = 0): Promise<void> {
    await this.#client.send(
      new SendMessageCommand({ QueueUrl: this.#queueUrl, ...entryOf(message, delayMs) }),
    );
  }

  /**
   * Sends messages, ten a call.
   * @returns the indexes of the messages that SQS rejected
   */
  async sendAll(
    messages: readonly { readonly message: DeliveryMessage; readonly delayMs?: number }[],
  ): Promise<ReadonlySet<number>> {
    const failed = new Set<number>();
    for (let start = 0; start < messages.length; start += MAX_ENTRIES) {
      const batch = messages.slice(start, start + MAX_ENTRIES);
      const { Failed = [] } = await this.#client.send(
        new SendMessageBatchCommand({
          QueueUrl: this.#queueUrl,
          Entries: batch.map(({ message, delayMs = 0 }, index) => ({
            Id: String(index),
            ...entryOf(message, delayMs),
          })),
        }),
      );
      if (Failed.length > 0) log.warn('SQS rejected deliveries', { failed: Failed });
      for (const { Id } of Failed) failed.add(start + Number(Id));
    }
    return failed;
  }
}

function entryOf(message: DeliveryMessage, delayMs: number) {
  return {
    MessageBody: JSON.stringify(message),
    DelaySeconds: Math.ceil(delayMs / 1000),
    // Groups make a standard queue fair: an owner with many messages does not delay other owners.
    MessageGroupId: createHash('sha256').update(message.owner).digest('hex'),
  };
}
