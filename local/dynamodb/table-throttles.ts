/** Throttles requests to tables, for tests and drills. */
import type { Faults } from '../faults.ts';
import type { TableRequest, TableResponse } from './table-request.ts';

interface Input {
  readonly TableName?: string;
  readonly IndexName?: string;
  readonly RequestItems?: Readonly<Record<string, unknown>>;
}

/** Receives a request that was throttled. */
export type OnTableThrottle = (action: string, tableName: string, indexName?: string) => void;

/** @returns the error of DynamoDB for a request to a table that a fault throttles */
export function throttleTableCall(
  faults: Faults,
  { action, input, isExpiry }: TableRequest,
  onThrottle?: OnTableThrottle,
): TableResponse | undefined {
  const { TableName, IndexName, RequestItems = {} } = (input ?? {}) as Input;
  const names = TableName === undefined ? Object.keys(RequestItems) : [TableName];
  const throttled = names.find((name) => faults.isActive('throttled-table', name));
  if (throttled === undefined || isExpiry) return undefined;
  onThrottle?.(action, throttled, IndexName);
  return {
    status: 400,
    body: {
      __type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException',
      message: 'The level of configured provisioned throughput for the table was exceeded.',
    },
  };
}
