/** Defines tables of the template, and the requests to them. */
import type { AttributeDefinition, GlobalSecondaryIndex, KeySchemaElement } from '@aws-sdk/client-dynamodb';

export interface TableProperties {
  readonly KeySchema: KeySchemaElement[];
  readonly AttributeDefinitions: AttributeDefinition[];
  readonly GlobalSecondaryIndexes?: GlobalSecondaryIndex[];
  readonly TimeToLiveSpecification?: { readonly AttributeName: string; readonly Enabled: boolean };
  readonly StreamSpecification?: { readonly StreamViewType?: string };
}

/** A request to DynamoDB. */
export interface TableRequest {
  /** `GetItem` */
  readonly action: string;
  /** undefined when the body is not a JSON object */
  readonly input: object | undefined;
  /** The principal that deletes expired items has sent it. */
  readonly isExpiry: boolean;
}

export interface TableResponse {
  readonly status: number;
  readonly body: object;
}

export type CallTables = (request: TableRequest) => Promise<TableResponse>;
