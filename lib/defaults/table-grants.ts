/** Grants permissions on one table or one index. CDK's table grants would include every index. */
import type { ITableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';

/** @param actions names of DynamoDB actions: `GetItem` */
export function grantTable(fn: LambdaFunction, table: ITableV2, actions: readonly string[]): void {
  grant(fn, actions, table.tableArn);
}

/** Allows queries, or scans, of one index. */
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
