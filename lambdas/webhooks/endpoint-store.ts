/** Endpoints in DynamoDB, by owner: one query tells whom an event of an owner's job concerns. */
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  paginateQuery,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { AppError, ErrorCode } from '../shared/errors.ts';
import type { DisabledReason, Endpoint } from './endpoint.ts';
import { EndpointsTable } from './endpoints-table.ts';

/** Every event reads all of its owner's endpoints: a hundred are some 50 KB. */
export const MAX_ENDPOINTS = 100;

export interface EndpointStoreOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

/** What an update writes; a property that is undefined is removed. */
export type EndpointChanges = Partial<
  Pick<
    Endpoint,
    | 'url'
    | 'description'
    | 'events'
    | 'operations'
    | 'secrets'
    | 'disabled'
    | 'verifiedAt'
    | 'verificationFailure'
    | 'refreshBefore'
    | 'expiresAt'
  >
>;

export class EndpointStore {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;
  readonly #now: () => number;

  constructor({ client, tableName, now = Date.now }: EndpointStoreOptions) {
    this.#client = client;
    this.#tableName = tableName;
    this.#now = now;
  }

  /** All of an owner's endpoints, whatever their kind. Strongly consistent: who has just registered is told. */
  async list(owner: string): Promise<readonly Endpoint[]> {
    const endpoints: Endpoint[] = [];
    const pages = paginateQuery(
      { client: this.#client },
      {
        TableName: this.#tableName,
        KeyConditionExpression: '#owner = :owner',
        ExpressionAttributeNames: { '#owner': EndpointsTable.partitionKey },
        ExpressionAttributeValues: marshall({ ':owner': owner }),
        ConsistentRead: true,
      },
    );
    for await (const { Items = [] } of pages) {
      endpoints.push(...Items.map((item) => unmarshall(item) as Endpoint));
    }
    return endpoints;
  }

  /** One read; undefined when the owner has no such endpoint. */
  async get(owner: string, endpointId: string): Promise<Endpoint | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({
        TableName: this.#tableName,
        Key: marshall({ owner, endpointId }),
        ConsistentRead: true,
      }),
    );
    return Item && (unmarshall(Item) as Endpoint);
  }

  /**
   * Writes an endpoint anew, in the place of one with the same id.
   * @param options.isNew there may be none with the same id @default false
   * @throws AppError RESOURCE_EXHAUSTED when the owner has as many as may be.
   * @throws AppError CONFLICT when there is one and may be none.
   */
  async put(
    endpoint: Omit<Endpoint, 'createdAt' | 'updatedAt'>,
    { isNew = false }: { readonly isNew?: boolean } = {},
  ): Promise<Endpoint> {
    const existing = await this.list(endpoint.owner);
    const others = existing.filter(({ endpointId }) => endpointId !== endpoint.endpointId);
    if (others.length >= MAX_ENDPOINTS) {
      throw new AppError(
        ErrorCode.resourceExhausted,
        `You have ${others.length} endpoints and subscriptions; ${MAX_ENDPOINTS} is the limit. Delete one that is not needed.`,
        { details: { limit: 'subscriptions', max: MAX_ENDPOINTS } },
      );
    }
    const now = new Date(this.#now()).toISOString();
    const written: Endpoint = { ...endpoint, createdAt: now, updatedAt: now };
    try {
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#tableName,
          Item: marshall(written, { removeUndefinedValues: true }),
          ...(isNew && { ConditionExpression: `attribute_not_exists(${EndpointsTable.sortKey})` }),
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      throw new AppError(ErrorCode.conflict, 'Another call has just created it. Try again.', {
        retryable: true,
      });
    }
    return written;
  }

  /**
   * Changes an endpoint that exists.
   * @param options.whereSecret the change is made only if this is still its newest secret
   * @returns undefined when there is none, or it has another secret.
   */
  async update(
    owner: string,
    endpointId: string,
    changes: EndpointChanges,
    { whereSecret }: { readonly whereSecret?: string } = {},
  ): Promise<Endpoint | undefined> {
    const values = { ...changes, updatedAt: new Date(this.#now()).toISOString() };
    const entries = Object.entries(values);
    const set = entries.filter(([, value]) => value !== undefined).map(([name]) => `#${name} = :${name}`);
    const removed = entries.filter(([, value]) => value === undefined).map(([name]) => `#${name}`);
    const exists = `attribute_exists(${EndpointsTable.sortKey})`;
    const hasStill = whereSecret !== undefined && '#secrets[0].#value = :secret';
    try {
      const { Attributes = {} } = await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#tableName,
          Key: marshall({ owner, endpointId }),
          UpdateExpression: `SET ${set.join(', ')}${removed.length > 0 ? ` REMOVE ${removed.join(', ')}` : ''}`,
          ConditionExpression: [exists, hasStill].filter(Boolean).join(' AND '),
          ExpressionAttributeNames: Object.fromEntries(
            [...Object.keys(values), ...(hasStill ? ['secrets', 'value'] : [])].map((name) => [
              `#${name}`,
              name,
            ]),
          ),
          ExpressionAttributeValues: marshall(
            {
              ...Object.fromEntries(entries.map(([name, value]) => [`:${name}`, value])),
              ...(hasStill && { ':secret': whereSecret }),
            },
            { removeUndefinedValues: true },
          ),
          ReturnValues: 'ALL_NEW',
        }),
      );
      return unmarshall(Attributes) as Endpoint;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined;
      throw error;
    }
  }

  /** Nothing is sent to it from now on. */
  async disable(owner: string, endpointId: string, reason: DisabledReason): Promise<void> {
    const at = new Date(this.#now()).toISOString();
    await this.update(owner, endpointId, { disabled: { at, reason } });
  }

  /** @returns false when there was none. */
  async remove(owner: string, endpointId: string): Promise<boolean> {
    const { Attributes } = await this.#client.send(
      new DeleteItemCommand({
        TableName: this.#tableName,
        Key: marshall({ owner, endpointId }),
        ReturnValues: 'ALL_OLD',
      }),
    );
    return Attributes !== undefined;
  }
}
