/** A table's stream: one shard of numbered changes, each kept until every reader has passed it. */
import { EventEmitter, once } from 'node:events';
import { streamArn } from '../shared/aws-names.ts';
import type { StreamLog } from './stream-log.ts';
import {
  type Before,
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
  /** Writes that the end of an earlier process may have cut between the change and its record. */
  readonly cut: readonly Before[];
  readonly #log: StreamLog | undefined;
  readonly #records: StreamRecord[];
  #positions: Map<string, string>;
  #last: string;
  readonly #events = new EventEmitter().setMaxListeners(0);

  /** @param log without one the stream is in memory only. */
  constructor(tableName: string, keyNames: readonly string[], log?: StreamLog) {
    this.arn = streamArn(tableName);
    this.keyNames = keyNames;
    this.#log = log;
    const lines = log?.readLines() ?? [];
    this.#records = lines.flatMap((line) => ('record' in line ? [line.record] : []));
    // A write to a key begins when the one before is over: only the last line of a key can be without its record.
    const lastOfKey = new Map(
      lines.map((line) => [
        keyText('record' in line ? line.record.dynamodb.Keys : line.before.Keys, keyNames),
        line,
      ]),
    );
    this.cut = [...lastOfKey.values()].flatMap((line) => ('before' in line ? [line.before] : []));
    this.#positions = new Map(Object.entries(log?.readPositions() ?? {}));
    this.#last = [...this.#records.map(sequenceOf), ...this.#positions.values()].sort().at(-1) ?? '';
  }

  /** The key attributes of an item or key; undefined when one is missing. */
  keysOf(item: Item | undefined): Item | undefined {
    const entries = this.keyNames.flatMap((name) => (item?.[name] ? [[name, item[name]] as const] : []));
    return entries.length === this.keyNames.length ? Object.fromEntries(entries) : undefined;
  }

  /** To be called before a write is tried, so that a change is never without its record. */
  announce(before: Before): void {
    if (this.#positions.size > 0) this.#log?.append({ before });
  }

  /** Dropped at once when there is no reader. */
  append(change: Change, userIdentity?: UserIdentity): void {
    if (this.#positions.size === 0) return;
    // By the clock, so that numbers grow even over records that nothing remembers.
    this.#last = sequenceNumber(Math.max(Number(this.#last) + 1, Date.now() * 1000));
    const record = createRecord(this.arn, this.#last, change, userIdentity);
    this.#log?.append({ record });
    this.#records.push(record);
    this.#events.emit('record');
  }

  /**
   * Names all readers there are; once, after the cut writes are settled. Those of an earlier start go on from their
   * positions, those that are gone hold nothing back any more, and what all have passed leaves the disk.
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
   * The next records of a reader, as soon as there is one.
   * @param limit how many at most @throws AbortError when the signal aborts
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

  /** The reader is done with this record and all before it. */
  pass(reader: string, record: StreamRecord): void {
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

/** The streams of those tables that have one, by table name. @throws Error for a view other than both images */
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
        `Table ${name} streams ${StreamViewType}: the local cloud has NEW_AND_OLD_IMAGES only.`,
      );
    }
    const keyNames = KeySchema.flatMap(({ AttributeName }) => AttributeName ?? []);
    streams.set(name, new TableStream(name, keyNames, openLog(name)));
  }
  return streams;
}

/** The same for the same key, in whichever order its attributes come. */
export function keyText(keys: Item, keyNames: readonly string[]): string {
  return JSON.stringify(keyNames.map((name) => keys[name]));
}

export function sequenceOf(record: StreamRecord): string {
  return record.dynamodb.SequenceNumber;
}
