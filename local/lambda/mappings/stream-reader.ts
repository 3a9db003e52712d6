/** Hands a table's stream to a function: batch after batch, in order, and never on before a batch is dealt with. */
import { setTimeout as delay } from 'node:timers/promises';
import type { StreamRecord } from '../../dynamodb/stream-record.ts';
import { sequenceOf, type TableStream } from '../../dynamodb/table-stream.ts';
import type { LambdaFunction } from '../functions.ts';
import type { SetAside } from './failure-destination.ts';
import { invokeRecords } from './invoke-records.ts';

export interface StreamReaderOptions {
  /** Under which the stream keeps its position. */
  readonly name: string;
  readonly stream: TableStream;
  readonly target: LambdaFunction;
  readonly functionArn: string;
  readonly batchSize: number;
  /** What it declines is passed over. */
  readonly accepts: (record: StreamRecord) => boolean;
  /** The function's answer names the records that it has failed on. */
  readonly reportsItems: boolean;
  /** A failed batch is halved, which is no retry, until the record is found that it failed on. */
  readonly bisects: boolean;
  /** After these a batch is set aside. */
  readonly maxRetries: number;
  /** @default dropped */
  readonly setAside?: SetAside;
}

type Records = readonly [StreamRecord, ...StreamRecord[]];

interface Batch {
  readonly records: readonly StreamRecord[];
  readonly retries: number;
}

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 2_000;
/** What a batch gets to finish when the cloud closes. Abandoned, it is delivered anew after the next start. */
const CLOSING_MS = 500;

export class StreamReader {
  readonly #options: StreamReaderOptions;
  readonly #closing = new AbortController();
  readonly #abandoned = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: StreamReaderOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const timer = setTimeout(() => this.#abandoned.abort(), CLOSING_MS);
    await this.#running;
    clearTimeout(timer);
  }

  async #run(): Promise<void> {
    const { name, stream, batchSize } = this.#options;
    try {
      for (;;) await this.#deliver(await stream.read(name, batchSize, this.#closing.signal));
    } catch (error) {
      if (!this.#closing.signal.aborted) throw error;
    }
  }

  /** @throws AbortError when closing; what is dealt with by then is passed. */
  async #deliver(read: readonly StreamRecord[]): Promise<void> {
    const { accepts, bisects, maxRetries, setAside, functionArn } = this.#options;
    const batches: Batch[] = [{ records: read.filter(accepts), retries: 0 }];
    for (let batch = batches.shift(); batch; batch = batches.shift()) {
      const { records, retries } = batch;
      if (!isFilled(records)) continue;
      this.#closing.signal.throwIfAborted();
      const { done, threw } = await this.#invoke(records);
      this.#pass(records[done - 1]);
      const left = records.slice(done);
      if (done > 0) {
        batches.unshift({ records: left, retries: 0 });
      } else if (bisects && left.length > 1) {
        const half = Math.ceil(left.length / 2);
        batches.unshift(
          { records: left.slice(0, half), retries: 0 },
          { records: left.slice(half), retries: 0 },
        );
      } else if (retries < maxRetries) {
        const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** retries, MAX_BACKOFF_MS);
        await delay(backoffMs, undefined, { signal: this.#closing.signal });
        batches.unshift({ records, retries: retries + 1 });
      } else {
        setAside?.({ functionArn, records, invocations: retries + 1, threw });
        this.#pass(records.at(-1));
      }
    }
    this.#pass(read.at(-1));
  }

  /** @returns how many of the records, from the first on, need not be delivered again. @throws AbortError when closed */
  async #invoke(records: Records): Promise<{ done: number; threw: boolean }> {
    const { target, reportsItems } = this.#options;
    const { signal } = this.#abandoned;
    try {
      const answer = await invokeRecords(target, records, signal);
      return { done: reportsItems ? lowestFailed(answer, records) : records.length, threw: false };
    } catch {
      // The function has logged why.
      return { done: 0, threw: true };
    } finally {
      signal.throwIfAborted();
    }
  }

  #pass(record: StreamRecord | undefined): void {
    const { stream, name } = this.#options;
    if (record) stream.pass(name, record);
  }
}

function isFilled(records: readonly StreamRecord[]): records is Records {
  return records.length > 0;
}

interface BatchResponse {
  readonly batchItemFailures?: readonly { readonly itemIdentifier: string }[] | null;
}

/**
 * The index of the lowest failed record, or the number of records when none has failed. An identifier of no record
 * makes the whole batch fail, as on AWS. @throws SyntaxError
 */
function lowestFailed(answer: string, records: Records): number {
  const { batchItemFailures } = (JSON.parse(answer || 'null') ?? {}) as BatchResponse;
  const failed = (batchItemFailures ?? []).map(({ itemIdentifier }) =>
    records.findIndex((record) => sequenceOf(record) === itemIdentifier),
  );
  return Math.max(0, Math.min(records.length, ...failed));
}
