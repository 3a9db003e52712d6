/** Lets one sweep run at a time, with a lease in DynamoDB. The lease keeps where the next sweep begins. */
import { randomUUID } from 'node:crypto';
import type { DynamoDBClient, UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { updateIf } from '../../shared/aws/update-if.ts';

export interface SweepLeaseOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

/** Key of the lease's item, which also has the time when the last sweep began: `sweptAt`. */
export const LEASE_KEY = marshall({ id: 'sweep' });

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
      UpdateExpression: 'SET holder = :holder, heldUntil = :until, sweptAt = :sweptAt',
      ConditionExpression: 'attribute_not_exists(heldUntil) OR heldUntil <= :now',
      ExpressionAttributeValues: marshall({
        ':holder': holder,
        ':until': nowMs + longestMs,
        ':now': nowMs,
        ':sweptAt': new Date(nowMs).toISOString(),
      }),
    });
    if (!item) return undefined;
    return {
      cursor: item.cursor as string | undefined,
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
  #update(expressions: Omit<UpdateItemCommandInput, 'TableName' | 'Key'>) {
    const { client, tableName } = this.#options;
    return updateIf(client, { TableName: tableName, Key: LEASE_KEY, ...expressions });
  }
}
