/** Reads and writes endpoints in DynamoDB, by owner: one query finds all endpoints for an event of an owner's job. */
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

/**
 * Limits an owner's endpoints and subscriptions together, and its mailboxes separately. Every event reads them all, some
 * 100 KB at most.
 */
export const MAX_ENDPOINTS = 100;

export interface EndpointStoreOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
  /** Is called after each change of an owner's endpoints. @default nothing */
  readonly onChange?: (owner: string) => void;
}

/** The changes of an update. An undefined property is removed. */
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
  readonly #onChange: (owner: string) => void;

  constructor({ client, tableName, now = Date.now, onChange = () => {} }: EndpointStoreOptions) {
    this.#client = client;
    this.#tableName = tableName;
    this.#now = now;
    this.#onChange = onChange;
  }

  /** Lists an owner's endpoints of every kind. Strongly consistent: an endpoint gets events right after its creation. */
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

  /** Costs one read. @returns undefined when the owner has no such endpoint */
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
   * Creates an endpoint, or replaces the one with the same id.
   * @param options.isNew never replaces an existing endpoint @default false
   * @throws AppError RESOURCE_EXHAUSTED when the owner has reached the limit
   * @throws AppError CONFLICT when `isNew` and the id exists
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
      throw new AppError(ErrorCode.conflict, 'Another call has just created this endpoint. Try again.', {
        retryable: true,
      });
    }
    this.#onChange(written.owner);
    return written;
  }

  /**
   * Removes the record that lapsed first when the owner is at the limit. Clients that reconnect under a new URL each time,
   * or poll for one job after another, leave such records behind; they exist only for their history.
   * @throws AppError RESOURCE_EXHAUSTED when no record has lapsed
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
   * Changes an existing endpoint.
   * @param options.whereSecret changes it only if this is still its newest secret
   * @param options.whereEnabledAt changes it only if it is enabled and this is still its URL
   * @returns undefined when the endpoint does not exist or a condition fails
   */
  async update(
    owner: string,
    endpointId: string,
    changes: EndpointChanges,
    { whereSecret, whereEnabledAt }: { readonly whereSecret?: string; readonly whereEnabledAt?: string } = {},
  ): Promise<Endpoint | undefined> {
    const exists = `attribute_exists(${EndpointsTable.sortKey})`;
    const hasSecret = whereSecret !== undefined && '#secrets[0].#value = :secret';
    const isEnabledAtUrl =
      whereEnabledAt !== undefined && '#url = :whereUrl AND attribute_not_exists(#disabled)';
    try {
      const { Attributes = {} } = await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#tableName,
          Key: marshall({ owner, endpointId }),
          ...updateWhere(
            { ...changes, updatedAt: new Date(this.#now()).toISOString() },
            {
              clauses: [exists, hasSecret, isEnabledAtUrl],
              names: [
                ...(hasSecret ? ['secrets', 'value'] : []),
                ...(isEnabledAtUrl ? ['url', 'disabled'] : []),
              ],
              values: { ':secret': whereSecret, ':whereUrl': whereEnabledAt },
            },
          ),
          ReturnValues: 'ALL_NEW',
        }),
      );
      this.#onChange(owner);
      return unmarshall(Attributes) as Endpoint;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined;
      throw error;
    }
  }

  /**
   * Disables an endpoint whose receiver responded 410. Does nothing when the endpoint has another URL by now or is already
   * disabled.
   */
  async disableGone({ owner, endpointId }: Endpoint, url: string): Promise<void> {
    const at = new Date(this.#now()).toISOString();
    const disabled: Endpoint['disabled'] = { at, reason: DisabledReason.gone };
    await this.update(owner, endpointId, { disabled }, { whereEnabledAt: url });
  }

  /** @returns false when the endpoint did not exist */
  async remove(owner: string, endpointId: string): Promise<boolean> {
    const { Attributes } = await this.#client.send(
      new DeleteItemCommand({
        TableName: this.#tableName,
        Key: marshall({ owner, endpointId }),
        ReturnValues: 'ALL_OLD',
      }),
    );
    this.#onChange(owner);
    return Attributes !== undefined;
  }
}
