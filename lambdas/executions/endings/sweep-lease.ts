/** Lets one sweep run at a time, with a lease in DynamoDB. The lease keeps where the next sweep begins. */
import { randomUUID } from 'node:crypto';
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';

export interface SweepLeaseOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

/** The lease of a running sweep. */
export interface HeldLease {
  /** Where the last sweep stopped; undefined when it finished. */
  readonly cursor?: string;
  /** Ends the lease. @param cursor for the next sweep */
  release(cursor?: string): Promise<void>;
}

export class SweepLease {
  readonly #options: SweepLeaseOptions;

  constructor(options: SweepLeaseOptions) {
    this.#options = options;
  }

  /**
   * @param longestMs longest run of this sweep in milliseconds. When it crashes, it holds the lease for this time
   * @returns undefined while another sweep runs
   */
  async acquire(longestMs: number): Promise<HeldLease | undefined> {
    const { now = Date.now } = this.#options;
    const holder = randomUUID();
    const nowMs = now();
    const item = await this.#update({
      UpdateExpression: 'SET holder = :holder, heldUntil = :until',
      ConditionExpression: 'attribute_not_exists(heldUntil) OR heldUntil <= :now',
      ExpressionAttributeValues: marshall({ ':holder': holder, ':until': nowMs + longestMs, ':now': nowMs }),
    });
    if (!item) return undefined;
    return {
      cursor: item.cursor,
      release: async (cursor) => {
        // Without effect when the lease has run out and another sweep has it.
        await this.#update({
          UpdateExpression:
            cursor === undefined ? 'REMOVE heldUntil, #cursor' : 'SET #cursor = :cursor REMOVE heldUntil',
          ConditionExpression: 'holder = :holder',
          ExpressionAttributeNames: { '#cursor': 'cursor' },
          ExpressionAttributeValues: marshall(
            { ':holder': holder, ':cursor': cursor },
            { removeUndefinedValues: true },
          ),
        });
      },
    };
  }

  /** @returns the new item; undefined when the condition does not hold */
  async #update(
    expressions: Omit<UpdateItemCommand['input'], 'TableName' | 'Key'>,
  ): Promise<{ readonly cursor?: string } | undefined> {
    const { client, tableName } = this.#options;
    try {
      const { Attributes = {} } = await client.send(
        new UpdateItemCommand({
          TableName: tableName,
          Key: { id: { S: 'sweep' } },
          ReturnValues: 'ALL_NEW',
          ...expressions,
        }),
      );
      return unmarshall(Attributes);
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined;
      throw error;
    }
  }
}
