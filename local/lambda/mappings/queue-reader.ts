/** Hands a queue's messages to a function, several batches at once; what is not deleted comes back by itself. */
import { setTimeout as delay } from 'node:timers/promises';
import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import type { ClientOptions } from '../../environment.ts';
import type { LambdaFunction } from '../functions.ts';
import { invokeRecords } from './invoke-records.ts';
import { queueRecord } from './queue-record.ts';

export interface QueueReaderOptions {
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly clientOptions: ClientOptions;
  readonly target: LambdaFunction;
  readonly batchSize: number;
  /** The batches that the function may have at once. */
  readonly maxConcurrency: number;
  /** What it declines is deleted. */
  readonly accepts: (record: SQSRecord) => boolean;
  /** The function's answer names the messages that it has failed on. */
  readonly reportsItems: boolean;
}

/** The longest that a queue lets a receiver wait. */
const LONG_POLL_SECONDS = 20;
/** Before the next try, when the queue cannot be read, such as one that somebody has deleted. */
const RETRY_MS = 1_000;
/** What batches get to finish when the cloud closes. Abandoned, they come back after their visibility timeout. */
const CLOSING_MS = 500;

export class QueueReader {
  readonly #options: QueueReaderOptions;
  readonly #client: SQSClient;
  readonly #closing = new AbortController();
  readonly #abandoned = new AbortController();
  readonly #batches = new Set<Promise<void>>();
  readonly #running: Promise<void>;

  constructor(options: QueueReaderOptions) {
    this.#options = options;
    this.#client = new SQSClient(options.clientOptions);
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const timer = setTimeout(() => this.#abandoned.abort(), CLOSING_MS);
    await this.#running;
    await Promise.all(this.#batches);
    clearTimeout(timer);
    this.#client.destroy();
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      if (this.#batches.size >= this.#options.maxConcurrency) await Promise.race(this.#batches);
      else this.#begin(await this.#receive());
    }
  }

  #begin(records: readonly SQSRecord[]): void {
    if (records.length === 0) return;
    const batch = this.#deliver(records).finally(() => this.#batches.delete(batch));
    this.#batches.add(batch);
  }

  /** @returns nothing when the wait has ended without a message */
  async #receive(): Promise<SQSRecord[]> {
    const { queueUrl, queueArn, batchSize } = this.#options;
    const { signal } = this.#closing;
    const command = new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: batchSize,
      WaitTimeSeconds: LONG_POLL_SECONDS,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    });
    try {
      const { Messages = [] } = await this.#client.send(command, { abortSignal: signal });
      return Messages.map((message) => queueRecord(message, queueArn));
    } catch {
      await delay(RETRY_MS, undefined, { signal }).catch(() => {});
      return [];
    }
  }

  async #deliver(records: readonly SQSRecord[]): Promise<void> {
    const accepted = records.filter(this.#options.accepts);
    await this.#delete(records.filter((record) => !accepted.includes(record)));
    if (accepted.length > 0) await this.#delete(await this.#invoke(accepted));
  }

  /** @returns the messages that need not come back */
  async #invoke(records: readonly SQSRecord[]): Promise<readonly SQSRecord[]> {
    const { target, reportsItems } = this.#options;
    try {
      const answer = await invokeRecords(target, records, this.#abandoned.signal);
      return reportsItems ? withoutFailed(records, answer) : records;
    } catch {
      // The function has logged why, or answered nonsense; or the cloud is closing.
      return [];
    }
  }

  async #delete(records: readonly SQSRecord[]): Promise<void> {
    if (records.length === 0) return;
    const Entries = records.map(({ receiptHandle }, index) => ({
      Id: String(index),
      ReceiptHandle: receiptHandle,
    }));
    const command = new DeleteMessageBatchCommand({ QueueUrl: this.#options.queueUrl, Entries });
    // What could not be deleted is delivered twice, which a queue's function has to bear on AWS too.
    await this.#client.send(command).catch(() => {});
  }
}

/** @returns none when the answer has another form, or names what is no message of the batch. @throws SyntaxError */
function withoutFailed(records: readonly SQSRecord[], answer: string): readonly SQSRecord[] {
  const parsed: unknown = JSON.parse(answer);
  if (typeof parsed !== 'object') return [];
  const { batchItemFailures } = (parsed ?? {}) as Partial<SQSBatchResponse>;
  const failed = new Set((batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier));
  const done = records.filter(({ messageId }) => !failed.has(messageId));
  return done.length + failed.size === records.length ? done : [];
}
