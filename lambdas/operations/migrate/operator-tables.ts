/** Reads and updates the DynamoDB tables that the operator allows. */
import {
  ConditionalCheckFailedException,
  DescribeTableCommand,
  type DynamoDBClient,
  ResourceNotFoundException,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { OperationError, shortenText } from 'mcp-async-operations/operation';
import type { Item, Update } from './change.ts';

/** A page of items. */
export interface Page {
  readonly items: readonly Item[];
  /** Start of the next page; undefined after the last. */
  readonly next: Item | undefined;
}

/** Items between two checkpoints: few enough to repeat. */
const PAGE_ITEMS = 100;

export class OperatorTables {
  readonly #client: DynamoDBClient;
  readonly #allowed: readonly string[];

  constructor(client: DynamoDBClient, allowed: readonly string[]) {
    this.#client = client;
    this.#allowed = allowed;
  }

  /** @throws OperationError TABLE_NOT_ALLOWED, TABLE_NOT_FOUND, MIGRATION_INVALID */
  async describe(table: string, signal: AbortSignal): Promise<{ keys: string[]; items: number }> {
    if (!this.#allowed.includes(table)) {
      const others =
        this.#allowed.length > 0 ? `Allowed: ${this.#allowed.join(', ')}.` : 'No table is allowed.';
      throw new OperationError(
        'TABLE_NOT_ALLOWED',
        `table: "${table}" is not allowed. ${others} Ask the operator to allow it at deploy: -c migrateTables=${table}`,
      );
    }
    try {
      const { Table } = await this.#client.send(new DescribeTableCommand({ TableName: table }), {
        abortSignal: signal,
      });
      const keys = (Table?.KeySchema ?? [])
        .toSorted((a, b) => (a.KeyType ?? '').localeCompare(b.KeyType ?? ''))
        .map(({ AttributeName = '' }) => AttributeName);
      const { AttributeDefinitions = [] } = Table ?? {};
      // Checkpoints are JSON, which cannot contain binary keys.
      if (
        AttributeDefinitions.some(
          (each) => each.AttributeType === 'B' && keys.includes(each.AttributeName ?? ''),
        )
      ) {
        throw new OperationError(
          'MIGRATION_INVALID',
          `table: "${table}" has a binary key, which migrate does not support. Choose another table.`,
        );
      }
      return { keys, items: Table?.ItemCount ?? 0 };
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error;
      throw new OperationError(
        'TABLE_NOT_FOUND',
        `table: "${table}" is allowed but does not exist. Ask the operator to create it, or choose another table.`,
      );
    }
  }

  /** Reads one page of a segment. @param attributes attributes to read */
  async page(
    table: string,
    { segment, segments }: { readonly segment: number; readonly segments: number },
    attributes: readonly string[],
    after: Item | undefined,
    signal: AbortSignal,
  ): Promise<Page> {
    const names = [...new Set(attributes)];
    const { Items = [], LastEvaluatedKey } = await this.#client.send(
      new ScanCommand({
        TableName: table,
        Segment: segment,
        TotalSegments: segments,
        ConsistentRead: true,
        Limit: PAGE_ITEMS,
        ExclusiveStartKey: after,
        ProjectionExpression: names.map((_, index) => `#a${index}`).join(', '),
        ExpressionAttributeNames: Object.fromEntries(names.map((name, index) => [`#a${index}`, name])),
      }),
      { abortSignal: signal },
    );
    return { items: Items, next: LastEvaluatedKey };
  }

  /** @returns false when the item has changed since it was read. @throws OperationError MIGRATION_INVALID */
  async update(table: string, key: Item, update: Update, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#client.send(new UpdateItemCommand({ TableName: table, Key: { ...key }, ...update }), {
        abortSignal: signal,
      });
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      // Such as a value that cannot be a key of an index, or an item above 400 KB.
      if ((error as Error).name !== 'ValidationException') throw error;
      throw new OperationError(
        'MIGRATION_INVALID',
        `table: DynamoDB refuses the change of an item of "${table}": ${shortenText((error as Error).message.replace(/\.?$/, '.'), 300)} Change set, remove or rename.`,
        { cause: error },
      );
    }
  }
}
