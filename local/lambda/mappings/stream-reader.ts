/** Reads a table's stream and invokes a function, one batch after another and in order. */
import { setTimeout as delay } from 'node:timers/promises';
import type { StreamRecord } from '../../dynamodb/stream-record.ts';
import { createdMsOf, sequenceOf, type TableStream } from '../../dynamodb/table-stream.ts';
import { type LambdaFunction, MAX_PAYLOAD_BYTES } from '../functions.ts';
import type { DeadLetter } from './failure-destination.ts';
import { invokeRecords } from './invoke-records.ts';

export interface StreamReaderOptions {
  /** The stream stores the position of the reader under this name. */
  readonly name: string;
  readonly stream: TableStream;
  readonly target: LambdaFunction;
  readonly functionArn: string;
  readonly batchSize: number;
  /** Records that it does not accept are skipped. */
  readonly accepts: (record: StreamRecord) => boolean;
  /** The function's result names the failed records. */
  readonly reportsItems: boolean;
  /** Splits a failed batch until the failing record is isolated. A split is not a retry. */
  readonly bisects: boolean;
  /** After these retries, a batch goes to the failure destination. */
  readonly maxRetries: number;
  /** Sends a batch to the failure destination. @default the batch is dropped */
  readonly deadLetter?: DeadLetter;
  /** Resolves when the mapping reads: at once, unless a fault stops it. */
  readonly ready: () => Promise<void>;
  /** Returns whether the stream drops its records now, as it does after a day. @default never */
  readonly expires?: () => boolean;
  /** Returns whether the reader now loses its position and goes back to an earlier one, as after a crash of Lambda. @default never */
  readonly repeats?: () => boolean;
  /** Receives when the last record of a batch was created, in milliseconds since 1970, after each attempt. @default not called */
  readonly onAttempt?: (createdMs: number) => void;
}

type Records = readonly [StreamRecord, ...StreamRecord[]];

interface Batch {
  readonly records: readonly StreamRecord[];
  readonly retries: number;
}

/** With room for the rest of the event. */
const MAX_BATCH_BYTES = MAX_PAYLOAD_BYTES - 1024;
/** Batches that a lost position delivers again, at most. */
const REPEATED_BATCHES = 5;
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 2_000;
/** Time for a batch to finish when the cloud closes. An abandoned batch is delivered again after the next start. */
const CLOSING_MS = 500;

export class StreamReader {
  readonly #options: StreamReaderOptions;
  readonly #closing = new AbortController();
  readonly #abandoned = new AbortController();
  readonly #running: Promise<void>;
  /** The last batches, the oldest first. */
  readonly #delivered: (readonly StreamRecord[])[] = [];

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
    const { name, stream, batchSize, repeats } = this.#options;
    try {
      for (;;) {
        const read = await stream.read(name, batchSize, this.#closing.signal);
        await this.#deliver(read);
        if (!repeats) continue;
        this.#delivered.push(read);
        if (this.#delivered.length > REPEATED_BATCHES) this.#delivered.shift();
        if (repeats()) for (const records of this.#delivered) await this.#deliver(records);
      }
    } catch (error) {
      if (!this.#closing.signal.aborted) throw error;
    }
  }

  /** @throws AbortError when closing. Finished records are saved by then */
  async #deliver(read: readonly StreamRecord[]): Promise<void> {
    const { accepts, bisects, maxRetries, deadLetter, functionArn, expires } = this.#options;
    const batches: Batch[] = splitBySize(read.filter(accepts)).map((records) => ({ records, retries: 0 }));
    for (let batch = batches.shift(); batch; batch = batches.shift()) {
      const { records, retries } = batch;
      if (!isFilled(records)) continue;
      this.#closing.signal.throwIfAborted();
      const { done, threw } = await this.#invoke(records);
      this.#checkpoint(records[done - 1]);
      const left = records.slice(done);
      if (done > 0) {
        batches.unshift({ records: left, retries: 0 });
      } else if (bisects && left.length > 1) {
        const half = Math.ceil(left.length / 2);
        batches.unshift(
          { records: left.slice(0, half), retries: 0 },
          { records: left.slice(half), retries: 0 },
        );
      } else if (retries < maxRetries && !expires?.()) {
        const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** retries, MAX_BACKOFF_MS);
        await delay(backoffMs, undefined, { signal: this.#closing.signal });
        batches.unshift({ records, retries: retries + 1 });
      } else {
        deadLetter?.({ functionArn, records, invocations: retries + 1, threw });
        this.#checkpoint(records.at(-1));
      }
    }
    this.#checkpoint(read.at(-1));
  }

  /** @returns the number of leading records that need no further delivery. @throws AbortError when closed */
  async #invoke(records: Records): Promise<{ done: number; threw: boolean }> {
    const { target, reportsItems, ready, onAttempt } = this.#options;
    const { signal } = this.#abandoned;
    await ready();
    try {
      const result = await invokeRecords(target, records, signal);
      return { done: reportsItems ? lowestFailed(result, records) : records.length, threw: false };
    } catch {
      // The function has logged why.
      return { done: 0, threw: true };
    } finally {
      signal.throwIfAborted();
      onAttempt?.(createdMsOf(records.at(-1) ?? records[0]));
    }
  }

  #checkpoint(record: StreamRecord | undefined): void {
    const { stream, name } = this.#options;
    if (record) stream.checkpoint(name, record);
  }
}

/** Lambda ends a batch before its payload reaches the limit of an invocation. */
function splitBySize(records: readonly StreamRecord[]): StreamRecord[][] {
  const batches: StreamRecord[][] = [];
  let bytes = 0;
  for (const record of records) {
    const size = Buffer.byteLength(JSON.stringify(record)) + 1;
    bytes += size;
    const last = batches.at(-1);
    if (last && bytes <= MAX_BATCH_BYTES) last.push(record);
    else {
      batches.push([record]);
      bytes = size;
    }
  }
  return batches;
}

function isFilled(records: readonly StreamRecord[]): records is Records {
  return records.length > 0;
}

interface BatchResponse {
  readonly batchItemFailures?: readonly { readonly itemIdentifier: string }[] | null;
}

/**
 * Returns the index of the first failed record, or the number of records when none has failed. An unknown identifier fails
 * the whole batch, as on AWS. @throws SyntaxError
 */
function lowestFailed(result: string, records: Records): number {
  const { batchItemFailures } = (JSON.parse(result || 'null') ?? {}) as BatchResponse;
  const failed = (batchItemFailures ?? []).map(({ itemIdentifier }) =>
    records.findIndex((record) => sequenceOf(record) === itemIdentifier),
  );
  return Math.max(0, Math.min(records.length, ...failed));
}
