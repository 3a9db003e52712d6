/** Runs a table's stream: one shard of numbered records, each kept until every reader has finished it. */
import { EventEmitter, once } from 'node:events';
import { streamArn } from '../shared/aws-names.ts';
import type { StreamLog } from './stream-log.ts';
import {
  type BeforeImage,
  type Change,
  createRecord,
  type Item,
  type StreamRecord,
  sequenceNumber,
  type UserIdentity,
} from './stream-record.ts';
import type { TableProperties } from './table-request.ts';

export type StartingPosition = 'TRIM_HORIZON' | 'LATEST';

export const SHARD_ID = 'shardId-00000000000000000000-00000000';

export class TableStream {
  readonly arn: string;
  readonly keyNames: readonly string[];
  /** Writes that the end of an earlier process may have interrupted between the change and its record. */
  readonly interruptedWrites: readonly BeforeImage[];
  readonly #log: StreamLog | undefined;
  readonly #records: StreamRecord[];
  #positions: Map<string, string>;
  #last: string;
  readonly #events = new EventEmitter().setMaxListeners(0);

  /** @param log without a log, the stream is only in memory */
  constructor(tableName: string, keyNames: readonly string[], log?: StreamLog) {
    this.arn = streamArn(tableName);
    this.keyNames = keyNames;
    this.#log = log;
    const lines = log?.readLines() ?? [];
    this.#records = lines.flatMap((line) => ('record' in line ? [line.record] : []));
    // Writes to one key are serialized: only the last line of a key can lack its record.
    const lastOfKey = new Map(
      lines.map((line) => [
        keyText('record' in line ? line.record.dynamodb.Keys : line.before.Keys, keyNames),
        line,
      ]),
    );
    this.interruptedWrites = [...lastOfKey.values()].flatMap((line) =>
      'before' in line ? [line.before] : [],
    );
    this.#positions = new Map(Object.entries(log?.readPositions() ?? {}));
    this.#last = [...this.#records.map(sequenceOf), ...this.#positions.values()].sort().at(-1) ?? '';
  }

  /** Returns the key attributes of an item or key; undefined when one is missing. */
  keysOf(item: Item | undefined): Item | undefined {
    const entries = this.keyNames.flatMap((name) => (item?.[name] ? [[name, item[name]] as const] : []));
    return entries.length === this.keyNames.length ? Object.fromEntries(entries) : undefined;
  }

  /** Logs a write before it runs, so that no change lacks its record. */
  logPendingWrite(before: BeforeImage): void {
    if (this.#positions.size > 0) this.#log?.append({ before });
  }

  /** Appends a record. Drops it when there is no reader. */
  append(change: Change, userIdentity?: UserIdentity): void {
    if (this.#positions.size === 0) return;
    // Based on the clock, so that numbers also grow beyond records that were not kept.
    this.#last = sequenceNumber(Math.max(Number(this.#last) + 1, Date.now() * 1000));
    const record = createRecord(this.arn, this.#last, change, userIdentity);
    this.#log?.append({ record });
    this.#records.push(record);
    this.#events.emit('record', record);
  }

  /** Calls a listener with each record as it is written, before any reader has it. */
  onRecord(listener: (record: StreamRecord) => void): void {
    this.#events.on('record', listener);
  }

  /**
   * Sets all readers. Call it once, after interrupted writes have their records. Known readers continue at
   * their positions. Removed readers no longer keep records. Records that all readers have finished leave the disk.
   */
  setReaders(readers: ReadonlyMap<string, StartingPosition>): void {
    const start = { TRIM_HORIZON: '', LATEST: this.#last };
    this.#positions = new Map(
      [...readers].map(([reader, from]) => [reader, this.#positions.get(reader) ?? start[from]]),
    );
    this.#savePositions();
    this.#log?.replaceLines(this.#records.map((record) => ({ record })));
  }

  /**
   * Returns the next records of a reader, as soon as there is one.
   * @param limit maximum number of records @throws AbortError when the signal aborts
   */
  async read(reader: string, limit: number, signal: AbortSignal): Promise<StreamRecord[]> {
    for (;;) {
      signal.throwIfAborted();
      const position = this.#positions.get(reader) ?? '';
      const first = this.#records.findIndex((record) => sequenceOf(record) > position);
      if (first >= 0) return this.#records.slice(first, first + limit);
      await once(this.#events, 'record', { signal });
    }
  }

  /** Saves that the reader has finished this record and all before it. */
  checkpoint(reader: string, record: StreamRecord): void {
    this.#positions.set(reader, sequenceOf(record));
    this.#savePositions();
  }

  #savePositions(): void {
    this.#log?.savePositions(Object.fromEntries(this.#positions));
    const slowest = [...this.#positions.values()].sort()[0];
    const kept = this.#records.findIndex((record) => slowest !== undefined && sequenceOf(record) > slowest);
    this.#records.splice(0, kept < 0 ? this.#records.length : kept);
  }
}

/** Returns streams by table name, for tables that have one. @throws Error for a view type without both images */
export function createTableStreams(
  tables: ReadonlyMap<string, TableProperties>,
  openLog: (tableName: string) => StreamLog | undefined,
): Map<string, TableStream> {
  const streams = new Map<string, TableStream>();
  for (const [name, { KeySchema, StreamSpecification }] of tables) {
    if (!StreamSpecification) continue;
    const { StreamViewType } = StreamSpecification;
    if (StreamViewType !== 'NEW_AND_OLD_IMAGES') {
      throw new Error(
        `Table ${name} has the stream view type ${StreamViewType}: use NEW_AND_OLD_IMAGES, which the local cloud supports.`,
      );
    }
    const keyNames = KeySchema.flatMap(({ AttributeName }) => AttributeName ?? []);
    streams.set(name, new TableStream(name, keyNames, openLog(name)));
  }
  return streams;
}

/** Returns the same text for the same key, in any order of its attributes. */
export function keyText(keys: Item, keyNames: readonly string[]): string {
  return JSON.stringify(keyNames.map((name) => keys[name]));
}

/** Returns when a record was created, in milliseconds since 1970. */
export function createdMsOf(record: StreamRecord): number {
  return Number(sequenceOf(record)) / 1000;
}

export function sequenceOf(record: StreamRecord): string {
  return record.dynamodb.SequenceNumber;
}
