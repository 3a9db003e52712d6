/**
 * Limits how many calls of an owner run at once, over all function instances. A Lambda instance handles one call at a time,
 * so a count in memory would always be one.
 */
import { type DynamoDBClient, GetItemCommand, type UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { AppError, ErrorCode } from '../errors.ts';
import { log } from '../observability/log.ts';
import { SlotsTable } from '../slots-table.ts';
import { updateIf } from './update-if.ts';

/** DynamoDB deletes the item of an owner without calls after an hour. */
const IDLE_MS = 60 * 60 * 1000;
/** When to try again: most calls end within seconds. */
const RETRY_AFTER_MS = 2_000;

export interface OwnerSlotsOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** What the slots are for. Each purpose has its own slots. */
  readonly purpose: string;
  /** Slots of one owner. */
  readonly limit: number;
  /** Receives how long a slot was held, in milliseconds. @default nobody */
  readonly onRelease?: (heldMs: number) => void;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

/** Frees a slot. Never throws: a slot that is not freed expires. */
export type Release = () => Promise<void>;

/** Keeps one item an owner, with an attribute for each taken slot: the time until which it is held. */
export class OwnerSlots {
  readonly #options: OwnerSlotsOptions;
  readonly #names: readonly string[];
  readonly #now: () => number;

  constructor(options: OwnerSlotsOptions) {
    this.#options = options;
    this.#names = Array.from({ length: options.limit }, (_, index) => `slot${index}`);
    this.#now = options.now ?? Date.now;
  }

  /**
   * Takes a slot, mostly with one write. Takes none while the table fails: the limit holds, and callers poll.
   * @param holdMs how long the slot is held at most, in milliseconds, should its holder crash
   * @returns a function that frees the slot; undefined when the owner has no free slot
   */
  async take(owner: string, holdMs: number): Promise<Release | undefined> {
    try {
      // The first guess needs no read. A failed write means that another call took the slot.
      for (let free = this.#names; free.length > 0; free = await this.#free(owner)) {
        const name = free[Math.floor(Math.random() * free.length)] ?? '';
        const sinceMs = this.#now();
        const until = sinceMs + holdMs;
        if (!(await this.#take(owner, name, until))) continue;
        return () => {
          this.#options.onRelease?.(this.#now() - sinceMs);
          return this.#release(owner, name, until);
        };
      }
    } catch (error) {
      log.error('A slot could not be taken', { purpose: this.#options.purpose, error });
    }
    return undefined;
  }

  /**
   * Runs an action that holds a slot.
   * @throws AppError RESOURCE_EXHAUSTED without a free slot
   */
  async run<T>(owner: string, holdMs: number, action: () => Promise<T>): Promise<T> {
    const release = await this.take(owner, holdMs);
    if (!release) throw this.exhausted();
    try {
      return await action();
    } finally {
      await release();
    }
  }

  /** Returns the error for an owner without a free slot. */
  exhausted(): AppError {
    const { purpose, limit } = this.#options;
    return new AppError(
      ErrorCode.resourceExhausted,
      `The limit ${purpose} (${limit}) is reached. Wait until one of your calls ends, then call again.`,
      { retryable: true, details: { limit: purpose, max: limit, retry_after_ms: RETRY_AFTER_MS } },
    );
  }

  async #take(owner: string, name: string, until: number): Promise<boolean> {
    return this.#update(owner, {
      UpdateExpression: 'SET #slot = :until, #expiresAt = :expiresAt',
      ConditionExpression: 'attribute_not_exists(#slot) OR #slot <= :now',
      ExpressionAttributeNames: { '#slot': name, '#expiresAt': SlotsTable.ttlAttribute },
      ExpressionAttributeValues: marshall({
        ':until': until,
        ':now': this.#now(),
        ':expiresAt': Math.ceil((until + IDLE_MS) / 1000),
      }),
    });
  }

  async #release(owner: string, name: string, until: number): Promise<void> {
    try {
      await this.#update(owner, {
        UpdateExpression: 'REMOVE #slot',
        // After its time, another call may hold the slot.
        ConditionExpression: '#slot = :until',
        ExpressionAttributeNames: { '#slot': name },
        ExpressionAttributeValues: marshall({ ':until': until }),
      });
    } catch (error) {
      log.warn('A slot was not freed and expires', { purpose: this.#options.purpose, error });
    }
  }

  /** Returns the names of the slots that are free now. */
  async #free(owner: string): Promise<readonly string[]> {
    const { client, tableName } = this.#options;
    const { Item = {} } = await client.send(
      new GetItemCommand({ TableName: tableName, Key: this.#key(owner), ConsistentRead: true }),
    );
    const held: Readonly<Record<string, unknown>> = unmarshall(Item);
    return this.#names.filter((name) => !(Number(held[name]) > this.#now()));
  }

  /** @returns false when the condition fails */
  async #update(
    owner: string,
    expressions: Omit<UpdateItemCommandInput, 'TableName' | 'Key'>,
  ): Promise<boolean> {
    const { client, tableName } = this.#options;
    const update = { TableName: tableName, Key: this.#key(owner), ...expressions };
    return (await updateIf(client, update)) !== undefined;
  }

  #key(owner: string) {
    return marshall({ [SlotsTable.partitionKey]: `${this.#options.purpose} ${owner}` });
  }
}
