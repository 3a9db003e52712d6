/** Reads and writes deliveries in DynamoDB. Every change of a delivery is one conditional write. */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { batchGet } from '../../shared/aws/batch-get.ts';
import { updateWhere } from '../../shared/aws/update-expression.ts';
import { DeliveriesTable, waitingShard } from './deliveries-table.ts';
import {
  type Delivery,
  type DeliveryAttempt,
  DeliveryStatus,
  MAX_RECORDED_ATTEMPTS,
  retainedUntil,
} from './delivery.ts';
import { fromItem, type StoredDelivery, toItem } from './delivery-item.ts';

export type DeliveryId = Pick<Delivery, 'jobId' | 'deliveryKey'>;
/** A position in a listing of an endpoint's deliveries. */
export type DeliveryPosition = DeliveryId & Pick<Delivery, 'createdAt'>;

/** A position in a shard of the waiting index. */
export type WaitingPosition = DeliveryId & { readonly nextAttemptAt: string };

export interface DeliveryPage<Position> {
  readonly deliveries: readonly Delivery[];
  readonly next?: Position;
}

/** The state of a delivery after an attempt. */
export type AfterAttempt =
  | { readonly status: typeof DeliveryStatus.delivered | typeof DeliveryStatus.failed }
  /** `waits`: the next attempt is beyond SQS's maximum delay, so the delivery waits in the table until it is due. */
  | {
      readonly status: typeof DeliveryStatus.pending;
      readonly nextAttemptAt: string;
      readonly waits: boolean;
    };

export class DeliveryStore {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;
  readonly #now: () => number;

  constructor({
    client,
    tableName,
    now = Date.now,
  }: {
    readonly client: DynamoDBClient;
    readonly tableName: string;
    /** Epoch milliseconds. @default Date.now */
    readonly now?: () => number;
  }) {
    this.#client = client;
    this.#tableName = tableName;
    this.#now = now;
  }

  /** Creates a delivery. An existing delivery of a repeated event stays unchanged. */
  async create(
    delivery: Omit<Delivery, 'attempts' | 'attemptCount' | 'attemptsBefore' | 'createdAt'>,
    { listed }: { readonly listed: boolean },
  ): Promise<void> {
    const record: Delivery = {
      ...delivery,
      attempts: [],
      attemptCount: 0,
      attemptsBefore: 0,
      createdAt: new Date(this.#now()).toISOString(),
    };
    try {
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#tableName,
          Item: toItem({ ...record, ...(listed && { listedUnder: record.endpointId }) }),
          ConditionExpression: `attribute_not_exists(${DeliveriesTable.sortKey})`,
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }

  async get({ jobId, deliveryKey }: DeliveryId): Promise<Delivery | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({
        TableName: this.#tableName,
        Key: marshall({ jobId, deliveryKey }),
        ConsistentRead: true,
      }),
    );
    return Item && fromItem(Item);
  }

  /**
   * Records an attempt and the state after it. When another attempt or a replay was recorded since the read, the state stays
   * and only the request is added: every request is on record.
   * @param delivery as it was read before the attempt
   * @returns whether the state has changed
   */
  async record(delivery: Delivery, attempt: DeliveryAttempt, after: AfterAttempt): Promise<boolean> {
    // Each failed write means that another one succeeded.
    for (let seen: Delivery | undefined = delivery; seen; seen = await this.get(delivery)) {
      const isNext = hasSameState(seen, delivery);
      const changes = isNext ? stateAfter(delivery, after) : { repeatCount: (seen.repeatCount ?? 0) + 1 };
      const attempts = [...seen.attempts, attempt].slice(-MAX_RECORDED_ATTEMPTS);
      if (await this.#transition(seen, { ...changes, attempts })) return isNext;
    }
    return false;
  }

  /** Cancels a delivery whose endpoint is deleted or inactive: no attempt follows. */
  async cancel(delivery: Delivery): Promise<void> {
    await this.#transition(delivery, {
      status: DeliveryStatus.cancelled,
      nextAttemptAt: undefined,
      waitingShard: undefined,
    });
  }

  /**
   * Restarts the schedule. The delivery is in the waiting index until it is queued, so a failed send does not lose it.
   * @returns undefined when the delivery has changed since it was read
   */
  async reopen(delivery: Delivery): Promise<Delivery | undefined> {
    const changes = {
      status: DeliveryStatus.pending,
      attemptsBefore: delivery.attemptCount,
      replayed: true as const,
      nextAttemptAt: new Date(this.#now()).toISOString(),
      expiresAt: retainedUntil(delivery.expiresAt, this.#now()),
    };
    const isReopened = await this.#transition(delivery, {
      ...changes,
      waitingShard: waitingShard(delivery.jobId),
    });
    return isReopened ? { ...delivery, ...changes } : undefined;
  }

  /** Removes a queued delivery from the waiting index. */
  async markQueued(delivery: Delivery): Promise<void> {
    await this.#transition(delivery, { waitingShard: undefined });
  }

  /** Lists an owner's deliveries of a job, in the order of its events or newest first. One query; a page may be short. */
  async listOfJob(
    owner: string,
    jobId: string,
    {
      limit,
      newestFirst = false,
      after,
    }: { readonly limit: number; readonly newestFirst?: boolean; readonly after?: DeliveryId },
  ): Promise<DeliveryPage<DeliveryId>> {
    const { Items = [], LastEvaluatedKey } = await this.#client.send(
      new QueryCommand({
        TableName: this.#tableName,
        KeyConditionExpression: 'jobId = :jobId',
        FilterExpression: '#owner = :owner AND expiresAt > :now',
        ExpressionAttributeNames: { '#owner': 'owner' },
        ExpressionAttributeValues: marshall({ ':jobId': jobId, ':owner': owner, ':now': this.#nowSeconds() }),
        ScanIndexForward: !newestFirst,
        Limit: limit,
        ExclusiveStartKey: after && marshall({ jobId, deliveryKey: after.deliveryKey }),
      }),
    );
    return {
      deliveries: Items.map(fromItem),
      ...(LastEvaluatedKey && { next: unmarshall(LastEvaluatedKey) as DeliveryId }),
    };
  }

  /**
   * Lists the deliveries of a registered endpoint: one query for the keys, one batch read. A page may be short.
   * DynamoDB refuses a position outside of the times.
   * @param options.since ISO 8601, inclusive
   * @param options.until ISO 8601, inclusive
   */
  async listOfEndpoint(
    endpointId: string,
    {
      limit,
      since = '0',
      until = '9',
      newestFirst = false,
      after,
    }: {
      /** At most 100. */
      readonly limit: number;
      readonly since?: string;
      readonly until?: string;
      readonly newestFirst?: boolean;
      readonly after?: DeliveryPosition;
    },
  ): Promise<DeliveryPage<DeliveryPosition>> {
    const { endpointIndex } = DeliveriesTable;
    // DynamoDB refuses an empty range.
    if (until < since) return { deliveries: [] };
    const { Items = [], LastEvaluatedKey } = await this.#client.send(
      new QueryCommand({
        TableName: this.#tableName,
        IndexName: endpointIndex.name,
        KeyConditionExpression: 'listedUnder = :endpointId AND createdAt BETWEEN :since AND :until',
        ExpressionAttributeValues: marshall({
          ':endpointId': endpointId,
          ':since': since,
          ':until': until,
        }),
        ScanIndexForward: !newestFirst,
        Limit: limit,
        ExclusiveStartKey: after && marshall({ ...positionOf(after), listedUnder: endpointId }),
      }),
    );
    const keys = Items.map((item) => unmarshall(item) as DeliveryPosition);
    const next = LastEvaluatedKey && positionOf(unmarshall(LastEvaluatedKey) as DeliveryPosition);
    const deliveries = (await this.#read(keys)).filter(({ expiresAt }) => expiresAt > this.#nowSeconds());
    return { deliveries, ...(next && { next }) };
  }

  /**
   * Lists a shard's waiting deliveries with an attempt before a time, the earliest first. The index lags behind the table,
   * so each delivery is read from the table and omitted when it no longer waits. A page may be short.
   * @param before ISO 8601
   */
  async waiting(
    shard: string,
    before: string,
    { limit, after }: { readonly limit: number; readonly after?: WaitingPosition },
  ): Promise<DeliveryPage<WaitingPosition>> {
    const { waitingIndex } = DeliveriesTable;
    const { Items = [], LastEvaluatedKey } = await this.#client.send(
      new QueryCommand({
        TableName: this.#tableName,
        IndexName: waitingIndex.name,
        KeyConditionExpression: 'waitingShard = :shard AND nextAttemptAt <= :before',
        ExpressionAttributeValues: marshall({ ':shard': shard, ':before': before }),
        Limit: limit,
        ExclusiveStartKey: after && marshall({ ...after, waitingShard: shard }),
      }),
    );
    const found = await this.#read(Items.map((item) => unmarshall(item) as DeliveryId));
    const deliveries = found.filter(
      ({ isWaiting, nextAttemptAt = '' }) => isWaiting && nextAttemptAt <= before,
    );
    if (!LastEvaluatedKey) return { deliveries };
    const { jobId, deliveryKey, nextAttemptAt } = unmarshall(LastEvaluatedKey) as WaitingPosition;
    return { deliveries, next: { jobId, deliveryKey, nextAttemptAt } };
  }

  /** Reads deliveries in the order of the keys, without those that no longer exist. */
  async #read(keys: readonly DeliveryId[]): Promise<readonly StoredDelivery[]> {
    const wanted = keys.map(({ jobId, deliveryKey }) => marshall({ jobId, deliveryKey }));
    const items = await batchGet(this.#client, this.#tableName, wanted);
    const found = new Map(
      items.map(fromItem).map((delivery) => [`${delivery.jobId} ${delivery.deliveryKey}`, delivery]),
    );
    return keys
      .map(({ jobId, deliveryKey }) => found.get(`${jobId} ${deliveryKey}`))
      .filter((delivery) => delivery !== undefined);
  }

  /**
   * Writes once, only if the state of the delivery is unchanged since the read. An undefined property is removed.
   * @returns false when the delivery has changed
   */
  async #transition(
    { jobId, deliveryKey, status, attemptCount, nextAttemptAt, repeatCount }: Delivery,
    changes: Readonly<Record<string, unknown>>,
  ): Promise<boolean> {
    // The time of the next attempt changes when the schedule restarts; status and count may not.
    const hasSameNextAttempt = isUnchanged('nextAttemptAt', ':seenNext', nextAttemptAt);
    // A write of the list must not lose a request that was added since the read.
    const hasSameRepeats = 'attempts' in changes && isUnchanged('repeatCount', ':seenRepeats', repeatCount);
    try {
      await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#tableName,
          Key: marshall({ jobId, deliveryKey }),
          ...updateWhere(changes, {
            clauses: [
              '#status = :seenStatus',
              '#attemptCount = :seenCount',
              hasSameNextAttempt,
              hasSameRepeats,
            ],
            names: ['status', 'attemptCount', 'nextAttemptAt', ...(hasSameRepeats ? ['repeatCount'] : [])],
            values: {
              ':seenStatus': status,
              ':seenCount': attemptCount,
              ':seenNext': nextAttemptAt,
              ...(hasSameRepeats && { ':seenRepeats': repeatCount }),
            },
          }),
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  #nowSeconds(): number {
    return Math.floor(this.#now() / 1000);
  }
}

/** Returns the condition that an attribute still has the value that was read, or is still absent. */
function isUnchanged(name: string, placeholder: string, seen: unknown): string {
  return seen === undefined ? `attribute_not_exists(#${name})` : `#${name} = ${placeholder}`;
}

function hasSameState(a: Delivery, b: Delivery): boolean {
  return a.status === b.status && a.attemptCount === b.attemptCount && a.nextAttemptAt === b.nextAttemptAt;
}

/** Returns the changes of a delivery's state after its next attempt. */
function stateAfter({ attemptCount, expiresAt, jobId }: Delivery, after: AfterAttempt) {
  const isPending = after.status === DeliveryStatus.pending;
  return {
    status: after.status,
    attemptCount: attemptCount + 1,
    nextAttemptAt: isPending ? after.nextAttemptAt : undefined,
    // A receiver may request a delay beyond the record's expiry.
    ...(isPending && { expiresAt: retainedUntil(expiresAt, Date.parse(after.nextAttemptAt)) }),
    waitingShard: isPending && after.waits ? waitingShard(jobId) : undefined,
  };
}

/** Returns the position without other attributes, such as those of the index. */
export function positionOf({ jobId, deliveryKey, createdAt }: DeliveryPosition): DeliveryPosition {
  return { jobId, deliveryKey, createdAt };
}
