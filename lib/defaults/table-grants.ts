/** Permissions on a table or on one of its indexes: what is named, where the table's own grants would add every index. */
import type { ITableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';

/** @param actions as the API calls them: `GetItem` */
export function grantTable(fn: LambdaFunction, table: ITableV2, actions: readonly string[]): void {
  grant(fn, actions, table.tableArn);
}

/** To query one index, or to scan it. */
export function grantIndex(
  fn: LambdaFunction,
  table: ITableV2,
  index: string,
  action: 'Query' | 'Scan' = 'Query',
): void {
  grant(fn, [action], `${table.tableArn}/index/${index}`);
}

function grant(fn: LambdaFunction, actions: readonly string[], resourceArn: string): void {
  Grant.addToPrincipal({
    grantee: fn,
    actions: actions.map((action) => `dynamodb:${action}`),
    resourceArns: [resourceArn],
  });
}
