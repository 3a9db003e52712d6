/**
 * Runs dynalite's actions without its HTTP server. The server crashes the process when a client disconnects during a request, as
 * a stopped function does, or when the disk is full.
 */
import { createRequire } from 'node:module';
import type { CallTables, TableResponse } from './table-request.ts';

type Done = (error: Error | null, output: object) => void;

interface Store {
  readonly db: { close(): Promise<void> };
}

interface Validation {
  readonly types: object;
  readonly custom?: unknown;
}

/** An error that DynamoDB sends to its caller. */
interface Rejection extends Error {
  readonly statusCode: number;
  readonly body: object;
}

/** The parts of dynalite used here. The package has no types. */
const load = createRequire(import.meta.url);
const ofDynalite = createRequire(load.resolve('dynalite'));
storeStrings();
closeIterators();
const { create } = load('dynalite/db') as {
  create(options: { readonly path?: string; readonly createTableMs: number }): Store;
};
const { checkTypes, checkValidations } = load('dynalite/validations') as {
  checkTypes(input: object, types: object): object;
  checkValidations(input: object, types: object, custom: unknown, store: Store): void;
};

const ACTIONS = [
  'BatchGetItem',
  'BatchWriteItem',
  'CreateTable',
  'DeleteItem',
  'DeleteTable',
  'DescribeTable',
  'DescribeTimeToLive',
  'GetItem',
  'ListTables',
  'ListTagsOfResource',
  'PutItem',
  'Query',
  'Scan',
  'TagResource',
  'UntagResource',
  'UpdateItem',
  'UpdateTable',
];

const actions = new Map(
  ACTIONS.map((name) => {
    const file = `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
    const { types, custom } = load(`dynalite/validations/${file}`) as Validation;
    return [
      name,
      {
        types,
        custom,
        run: load(`dynalite/actions/${file}`) as (store: Store, input: object, done: Done) => void,
      },
    ];
  }),
);

export interface DynaliteTables {
  /** @throws the error of the database, such as one of the disk */
  readonly call: CallTables;
  close(): Promise<void>;
}

/** @param path directory of LevelDB; undefined keeps the items in memory */
export function openDynalite(path: string | undefined): DynaliteTables {
  const store = create({ path, createTableMs: 0 });
  return {
    async call({ action, input }) {
      const found = actions.get(action);
      if (!found) return refusal('UnknownOperationException');
      if (!input) return refusal('SerializationException');
      try {
        const checked = checkTypes(input, found.types);
        checkValidations(checked, found.types, found.custom, store);
        const body = await new Promise<object>((resolve, reject) => {
          found.run(store, checked, (error, output) => (error ? reject(error) : resolve(output)));
        });
        return { status: 200, body };
      } catch (error) {
        if (!isRejection(error)) throw error;
        return { status: error.statusCode, body: error.body };
      }
    },
    close: () => store.db.close(),
  };
}

/**
 * Keeps items in memory as strings. As small buffers, which is the default and cannot be chosen, each of them would keep a slab
 * of 8 KiB that it was cut from.
 */
function storeStrings(): void {
  const memory = ofDynalite('memory-level') as {
    MemoryLevel: new (options: object) => object;
  };
  const { MemoryLevel } = memory;
  memory.MemoryLevel = class extends MemoryLevel {
    constructor(options: object) {
      super({ ...options, storeEncoding: 'utf8' });
    }
  };
}

/** dynalite ends its iterators with `return`, which they lack. An iterator that is not closed keeps the items of its time. */
function closeIterators(): void {
  const { AbstractValueIterator } = createRequire(ofDynalite.resolve('memory-level'))('abstract-level') as {
    AbstractValueIterator: { readonly prototype: { return?: unknown; close(): Promise<void> } };
  };
  // Of iterators of keys and of values.
  const iterator: typeof AbstractValueIterator.prototype = Object.getPrototypeOf(
    AbstractValueIterator.prototype,
  );
  iterator.return = iterator.close;
}

function refusal(type: string): TableResponse {
  return { status: 400, body: { __type: `com.amazon.coral.service#${type}` } };
}

function isRejection(error: unknown): error is Rejection {
  return error instanceof Error && 'statusCode' in error;
}
