/** What every table here has in common: paid by use, encrypted, restorable to a point in time, keys that are text. */
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

/** The keys of a table or of an index, from their names. */
export function textKeys({ partitionKey, sortKey }: KeyNames): {
  partitionKey: Attribute;
  sortKey: Attribute;
} {
  return {
    partitionKey: { name: partitionKey, type: AttributeType.STRING },
    sortKey: { name: sortKey, type: AttributeType.STRING },
  };
}
