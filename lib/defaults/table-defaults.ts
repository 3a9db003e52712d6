/** Defines the defaults of all tables: on-demand billing, encryption, point-in-time recovery, string keys. */
import {
  type Attribute,
  AttributeType,
  Billing,
  TableEncryptionV2,
  type TablePropsV2,
} from 'aws-cdk-lib/aws-dynamodb';

export const TABLE_DEFAULTS = {
  billing: Billing.onDemand(),
  encryption: TableEncryptionV2.awsManagedKey(),
  pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
} satisfies Partial<TablePropsV2>;

interface KeyNames {
  readonly partitionKey: string;
  readonly sortKey: string;
}

/** Returns the string keys of a table or an index. */
export function textKeys({ partitionKey, sortKey }: KeyNames): {
  partitionKey: Attribute;
  sortKey: Attribute;
} {
  return {
    partitionKey: { name: partitionKey, type: AttributeType.STRING },
    sortKey: { name: sortKey, type: AttributeType.STRING },
  };
}
