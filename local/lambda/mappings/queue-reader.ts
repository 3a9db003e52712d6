/** Reads a queue and invokes a function, several batches at once. Messages that are not deleted become visible again. */
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
  /** Maximum concurrent batches. */
  readonly maxConcurrency: number;
  /** Messages that it does not accept are deleted. */
  readonly accepts: (record: SQSRecord) => boolean;
  /** The function's result names the failed messages. */
  readonly reportsItems: boolean;
  /** Resolves when the mapping reads: at once, unless a fault stops it. */
  readonly ready: () => Promise<void>;
  /** Returns whether the queue delivers a batch twice, as a standard queue may. */
  readonly repeats: () => boolean;
  /** Returns whether the queue delivers a batch late, behind others. */
  readonly isLate: () => boolean;
  /** Returns the milliseconds of such a delay. @default up to three seconds */
  readonly lateMs?: () => number;
}

/** The longest wait of ReceiveMessage. */
const LONG_POLL_SECONDS = 20;
/** Delay before a retry, when the queue cannot be read, such as a deleted one. */
const RETRY_MS = 1_000;
/** Delay of a batch that a fault delivers late or twice, at most. */
const LATE_MS = 3_000;
/** Time for batches to finish when the cloud closes. Abandoned messages return after their visibility timeout. */
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
      await this.#options.ready();
      if (this.#batches.size >= this.#options.maxConcurrency) await Promise.race(this.#batches);
      else this.#begin(await this.#receive());
    }
  }

  #begin(records: readonly SQSRecord[]): void {
    if (records.length === 0) return;
    const { repeats, isLate } = this.#options;
    this.#add(isLate() ? this.#late().then(() => this.#deliver(records)) : this.#deliver(records));
    // The second delivery may overtake the first.
    if (repeats()) this.#add(this.#late().then(() => this.#deliver(records.toReversed())));
  }

  #add(delivery: Promise<void>): void {
    const batch = delivery.finally(() => this.#batches.delete(batch));
    this.#batches.add(batch);
  }

  /** Waits for a random time, or until the reader closes. */
  async #late(): Promise<void> {
    const { lateMs = () => Math.random() * LATE_MS } = this.#options;
    await delay(lateMs(), undefined, { signal: this.#closing.signal }).catch(() => {});
  }

  /** @returns an empty list when the wait ends without a message */
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
    // The mapping may have been stopped during the wait for messages.
    await this.#options.ready();
    const accepted = records.filter(this.#options.accepts);
    await this.#delete(records.filter((record) => !accepted.includes(record)));
    if (accepted.length > 0) await this.#delete(await this.#invoke(accepted));
  }

  /** @returns the messages to delete */
  async #invoke(records: readonly SQSRecord[]): Promise<readonly SQSRecord[]> {
    const { target, reportsItems } = this.#options;
    try {
      const result = await invokeRecords(target, records, this.#abandoned.signal);
      return reportsItems ? withoutFailed(records, result) : records;
    } catch {
      // The function failed and logged why, its result is invalid, or the cloud is closing.
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
    // A message that is not deleted is delivered again. Functions must tolerate that on AWS too.
    await this.#client.send(command).catch(() => {});
  }
}

/** @returns none when the result has another form, or names a message that is not in the batch. @throws SyntaxError */
function withoutFailed(records: readonly SQSRecord[], result: string): readonly SQSRecord[] {
  const parsed: unknown = JSON.parse(result);
  if (typeof parsed !== 'object') return [];
  const { batchItemFailures } = (parsed ?? {}) as Partial<SQSBatchResponse>;
  const failed = new Set((batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier));
  const done = records.filter(({ messageId }) => !failed.has(messageId));
  return done.length + failed.size === records.length ? done : [];
}
