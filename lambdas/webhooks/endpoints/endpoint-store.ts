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
import { updateWhere } from '../../shared/aws/update-expression.ts';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import { DisabledReason, type Endpoint, EndpointKind } from './endpoint.ts';
import { EndpointsTable } from './endpoints-table.ts';

/** Of an owner's endpoints and subscriptions, and of its mailboxes: every event reads them all, some 100 KB at most. */
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
    | 'answerLinks'
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
    await this.#makeRoom(endpoint);
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
   * Clients that come back under a new URL each time, or poll for one job after the other, leave records behind that are
   * kept for their history alone: these give way, the longest lapsed first.
   */
  async #makeRoom({
    owner,
    endpointId,
    kind,
  }: Pick<Endpoint, 'owner' | 'endpointId' | 'kind'>): Promise<void> {
    const isMailbox = (other: Pick<Endpoint, 'kind'>) => other.kind === EndpointKind.mailbox;
    const others = (await this.list(owner)).filter(
      (other) => other.endpointId !== endpointId && isMailbox(other) === isMailbox({ kind }),
    );
    if (others.length < MAX_ENDPOINTS) return;
    const now = new Date(this.#now()).toISOString();
    const [longestLapsed] = others
      .filter(({ refreshBefore }) => refreshBefore !== undefined && refreshBefore <= now)
      .sort((a, b) => String(a.refreshBefore).localeCompare(String(b.refreshBefore)));
    if (longestLapsed) {
      await this.remove(owner, longestLapsed.endpointId);
      return;
    }
    throw new AppError(
      ErrorCode.resourceExhausted,
      isMailbox({ kind })
        ? `You poll for ${others.length} kinds of events; ${MAX_ENDPOINTS} is the limit. Poll without arguments, or wait a day.`
        : `You have ${others.length} endpoints and subscriptions; ${MAX_ENDPOINTS} is the limit. Delete one that is not needed.`,
      { details: { limit: 'subscriptions', max: MAX_ENDPOINTS } },
    );
  }

  /**
   * Changes an endpoint that exists.
   * @param options.whereSecret the change is made only if this is still its newest secret
   * @param options.whereEnabledAt the change is made only if it is enabled and this is still its URL
   * @returns undefined when there is none, or that does not hold.
   */
  async update(
    owner: string,
    endpointId: string,
    changes: EndpointChanges,
    { whereSecret, whereEnabledAt }: { readonly whereSecret?: string; readonly whereEnabledAt?: string } = {},
  ): Promise<Endpoint | undefined> {
    const exists = `attribute_exists(${EndpointsTable.sortKey})`;
    const hasStill = whereSecret !== undefined && '#secrets[0].#value = :secret';
    const isEnabledThere =
      whereEnabledAt !== undefined && '#url = :whereUrl AND attribute_not_exists(#disabled)';
    try {
      const { Attributes = {} } = await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#tableName,
          Key: marshall({ owner, endpointId }),
          ...updateWhere(
            { ...changes, updatedAt: new Date(this.#now()).toISOString() },
            {
              clauses: [exists, hasStill, isEnabledThere],
              names: [
                ...(hasStill ? ['secrets', 'value'] : []),
                ...(isEnabledThere ? ['url', 'disabled'] : []),
              ],
              values: { ':secret': whereSecret, ':whereUrl': whereEnabledAt },
            },
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

  /**
   * Its receiver has answered that it is gone: nothing is sent there from now on. Of an endpoint that has moved
   * meanwhile, or is disabled already, that says nothing.
   */
  async disableGone({ owner, endpointId }: Endpoint, url: string): Promise<void> {
    const at = new Date(this.#now()).toISOString();
    const disabled: Endpoint['disabled'] = { at, reason: DisabledReason.gone };
    await this.update(owner, endpointId, { disabled }, { whereEnabledAt: url });
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
