/** Slows and throttles requests to tables, for tests and drills. */
import type { Faults } from '../faults.ts';
import type { TableRequest, TableResponse } from './table-request.ts';

interface Input {
  readonly TableName?: string;
  readonly IndexName?: string;
  readonly RequestItems?: Readonly<Record<string, unknown>>;
}

/** Receives a request that was throttled. */
export type OnTableThrottle = (action: string, tableName: string, indexName?: string) => void;

/** Returns DynamoDB's error for a request to a table that a fault throttles. Waits for a slow table. */
export async function tableFault(
  faults: Faults,
  { action, input, isExpiry }: TableRequest,
  onThrottle?: OnTableThrottle,
): Promise<TableResponse | undefined> {
  const { TableName, IndexName, RequestItems = {} } = (input ?? {}) as Input;
  const names = TableName === undefined ? Object.keys(RequestItems) : [TableName];
  for (const name of names) await faults.slowDown(name);
  const throttled = names.find((name) => !isExpiry && faults.strikes('throttled-table', name));
  if (throttled === undefined) return undefined;
  onThrottle?.(action, throttled, IndexName);
  return {
    status: 400,
    body: {
      __type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException',
      message: 'The level of configured provisioned throughput for the table was exceeded.',
    },
  };
}
