/** Deliveries in DynamoDB: every move of one is one conditional write. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { updateWhere } from '../../shared/aws/update-expression.ts';
import { DeliveriesTable, waitingShard } from './deliveries-table.ts';
import {
  type Delivery,
  type DeliveryAttempt,
  DeliveryStatus,
  keptUntil,
  MAX_RECORDED_ATTEMPTS,
} from './delivery.ts';
import { fromItem, type StoredDelivery, toItem } from './delivery-item.ts';

export type DeliveryId = Pick<Delivery, 'jobId' | 'deliveryKey'>;
/** A position in a listing of an endpoint's deliveries. */
export type DeliveryPosition = DeliveryId & Pick<Delivery, 'createdAt'>;

/** A position in a shard of those that wait. */
export type WaitingPosition = DeliveryId & { readonly nextAttemptAt: string };

const UNPROCESSED_PAUSE_MS = 100;

export interface DeliveryPage<Position> {
  readonly deliveries: readonly Delivery[];
  readonly next?: Position;
}

/** What follows an attempt. */
export type AfterAttempt =
  | { readonly status: typeof DeliveryStatus.delivered | typeof DeliveryStatus.failed }
  /** `waits`: the attempt is too far away for a queue, and is queued when its time comes near. */
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

  /** Records a delivery; one that is there already, because its event was told before, stays as it is. */
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
   * An attempt was made, and what follows it.
   * @param delivery as it was read before the attempt
   * @returns false when another attempt was recorded meanwhile: then this one changes nothing.
   */
  async record(delivery: Delivery, attempt: DeliveryAttempt, after: AfterAttempt): Promise<boolean> {
    const attempts = [...delivery.attempts, attempt].slice(-MAX_RECORDED_ATTEMPTS);
    const goesOn = after.status === DeliveryStatus.pending;
    return this.#move(delivery, {
      status: after.status,
      attempts,
      attemptCount: delivery.attemptCount + 1,
      nextAttemptAt: goesOn ? after.nextAttemptAt : undefined,
      // A receiver may ask for more time than the record was to be kept.
      ...(goesOn && { expiresAt: keptUntil(delivery.expiresAt, Date.parse(after.nextAttemptAt)) }),
      waitingShard: goesOn && after.waits ? waitingShard(delivery.jobId) : undefined,
    });
  }

  /** No attempt will be made: nobody is there any more to be told. */
  async cancel(delivery: Delivery): Promise<void> {
    await this.#move(delivery, {
      status: DeliveryStatus.cancelled,
      nextAttemptAt: undefined,
      waitingShard: undefined,
    });
  }

  /**
   * Begins the schedule anew. It waits until it is queued, so that it is not lost when that fails.
   * @returns undefined when it has changed since it was read.
   */
  async reopen(delivery: Delivery): Promise<Delivery | undefined> {
    const changes = {
      status: DeliveryStatus.pending,
      attemptsBefore: delivery.attemptCount,
      nextAttemptAt: new Date(this.#now()).toISOString(),
      expiresAt: keptUntil(delivery.expiresAt, this.#now()),
    };
    const moved = await this.#move(delivery, { ...changes, waitingShard: waitingShard(delivery.jobId) });
    return moved ? { ...delivery, ...changes } : undefined;
  }

  /** It is in the queue now, and waits no more. */
  async leaveWaiting(delivery: Delivery): Promise<void> {
    await this.#move(delivery, { waitingShard: undefined });
  }

  /** One query: what an owner was told of a job, in the order of its events or the last first. A page may be short. */
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
   * What went to a registered endpoint: one query for the keys, one batch of reads. A page may be short.
   * @param options.since ISO 8601, inclusive
   * @param options.until ISO 8601, inclusive
   */
  async listOfEndpoint(
    endpointId: string,
    {
      limit,
      since = '',
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
    const { Items = [], LastEvaluatedKey } = await this.#client.send(
      new QueryCommand({
        TableName: this.#tableName,
        IndexName: endpointIndex.name,
        KeyConditionExpression: 'listedUnder = :endpointId AND createdAt BETWEEN :since AND :until',
        ExpressionAttributeValues: marshall({
          ':endpointId': endpointId,
          ':since': since || '0',
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
   * Those of one shard that wait for an attempt before a time, the earliest first. The index trails the table, so each is
   * read from there, and left out when it waits no more. A page may be short.
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

  /** In the order of the keys; what is gone is left out. */
  async #read(keys: readonly DeliveryId[]): Promise<readonly StoredDelivery[]> {
    const found = new Map<string, StoredDelivery>();
    let wanted = keys.map(({ jobId, deliveryKey }) => marshall({ jobId, deliveryKey }));
    while (wanted.length > 0) {
      const { Responses = {}, UnprocessedKeys = {} } = await this.#client.send(
        new BatchGetItemCommand({
          RequestItems: { [this.#tableName]: { Keys: wanted, ConsistentRead: true } },
        }),
      );
      for (const item of Responses[this.#tableName] ?? []) {
        const delivery = fromItem(item);
        found.set(`${delivery.jobId} ${delivery.deliveryKey}`, delivery);
      }
      wanted = UnprocessedKeys[this.#tableName]?.Keys ?? [];
      // More than 16 MB, or more than the table takes at once.
      if (wanted.length > 0) await delay(UNPROCESSED_PAUSE_MS);
    }
    return keys
      .map(({ jobId, deliveryKey }) => found.get(`${jobId} ${deliveryKey}`))
      .filter((delivery) => delivery !== undefined);
  }

  /** One write, made only if the delivery is still as it was read. A property that is undefined is removed. */
  async #move(
    { jobId, deliveryKey, status, attemptCount, nextAttemptAt }: Delivery,
    changes: Readonly<Record<string, unknown>>,
  ): Promise<boolean> {
    // The time of the next attempt tells a delivery that was begun anew from one that goes on.
    const isToComeAsRead = nextAttemptAt
      ? '#nextAttemptAt = :seenNext'
      : 'attribute_not_exists(#nextAttemptAt)';
    try {
      await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#tableName,
          Key: marshall({ jobId, deliveryKey }),
          ...updateWhere(changes, {
            clauses: ['#status = :seenStatus', '#attemptCount = :seenCount', isToComeAsRead],
            names: ['status', 'attemptCount', 'nextAttemptAt'],
            values: { ':seenStatus': status, ':seenCount': attemptCount, ':seenNext': nextAttemptAt },
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

/** Without the other attributes of an index. */
function positionOf({ jobId, deliveryKey, createdAt }: DeliveryPosition): DeliveryPosition {
  return { jobId, deliveryKey, createdAt };
}
