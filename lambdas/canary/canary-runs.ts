/** Stores the runs of the canary in DynamoDB: which webhooks arrived under the token of a run, by job. */
import type { JsonWebKey } from 'node:crypto';
import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { updateIf } from '../shared/aws/update-if.ts';
import { CanaryTable } from './canary-settings.ts';

/** The webhook of a job. All times are milliseconds since 1970. */
export interface Arrival {
  /** When the job ended, by its event. */
  readonly endedMs: number;
  /** When the gateway received the webhook. */
  readonly arrivedMs: number;
}

/** DynamoDB deletes a run after an hour. */
const RETENTION_SECONDS = 60 * 60;

export class CanaryRuns {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;

  constructor(client: DynamoDBClient, tableName: string) {
    this.#client = client;
    this.#tableName = tableName;
  }

  /** Begins a run: from now on, its webhook can arrive. @param keys verify the webhook */
  async create(token: string, keys: readonly JsonWebKey[]): Promise<void> {
    const expiresAt = Math.ceil(Date.now() / 1000) + RETENTION_SECONDS;
    const Item = marshall({
      [CanaryTable.partitionKey]: token,
      [CanaryTable.ttlAttribute]: expiresAt,
      keys: JSON.stringify(keys),
    });
    await this.#client.send(new PutItemCommand({ TableName: this.#tableName, Item }));
  }

  /** @returns the keys that verify the webhook of a run; undefined for an unknown run */
  async keys(token: string): Promise<readonly JsonWebKey[] | undefined> {
    const { keys } = await this.#read(token);
    return keys === undefined ? undefined : JSON.parse(String(keys));
  }

  /** @returns undefined while the webhook of the job has not arrived under the token */
  async arrival(token: string, jobId: string): Promise<Arrival | undefined> {
    const { [jobId]: arrival } = await this.#read(token);
    return arrival as Arrival | undefined;
  }

  /**
   * Records the first webhook of a job. A run does not know its job before the response to its start, and the webhook may be
   * faster. So each job has an attribute, and a webhook of another job changes nothing for the run.
   * @param jobId a UUID
   * @returns false for an unknown token, and for a further webhook
   */
  async recordArrival(token: string, jobId: string, arrival: Arrival): Promise<boolean> {
    const recorded = await updateIf(this.#client, {
      TableName: this.#tableName,
      Key: keyOf(token),
      UpdateExpression: 'SET #job = :arrival',
      ConditionExpression: 'attribute_exists(#token) AND attribute_not_exists(#job)',
      ExpressionAttributeNames: { '#token': CanaryTable.partitionKey, '#job': jobId },
      ExpressionAttributeValues: marshall({ ':arrival': arrival }),
    });
    return recorded !== undefined;
  }

  async #read(token: string): Promise<Readonly<Record<string, unknown>>> {
    const { Item = {} } = await this.#client.send(
      new GetItemCommand({ TableName: this.#tableName, Key: keyOf(token), ConsistentRead: true }),
    );
    return unmarshall(Item);
  }
}

function keyOf(token: string) {
  return marshall({ [CanaryTable.partitionKey]: token });
}
