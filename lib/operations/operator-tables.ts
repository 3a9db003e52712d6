/** Tables of the operator's own, which no stack of ours makes: allowed by name, at deploy. */
import { Stack } from 'aws-cdk-lib';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Node } from 'constructs';
import { Env } from '../../lambdas/shared/env.ts';

const KEY = 'migrateTables';

/** @throws Error that names the key of the CDK context and the remedy */
export function readTables(node: Node): readonly string[] {
  const value: unknown = node.tryGetContext(KEY) ?? '';
  const names = String(value)
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const wrong = names.find((name) => !/^[a-zA-Z0-9_.-]{3,255}$/.test(name));
  if (wrong === undefined) return names;
  throw new Error(
    `${KEY}: "${wrong}" is no name of a table. Give names, separated by commas: -c ${KEY}=orders,customers`,
  );
}

/** To look through these tables and to change their items: nothing else, and no index. */
export function grantTables(fn: LambdaFunction, names: readonly string[]): void {
  fn.addEnvironment(Env.operatorTables, names.join(','));
  if (names.length === 0) return;
  Grant.addToPrincipal({
    grantee: fn,
    actions: ['dynamodb:DescribeTable', 'dynamodb:Scan', 'dynamodb:UpdateItem'],
    resourceArns: names.map((name) =>
      Stack.of(fn).formatArn({ service: 'dynamodb', resource: 'table', resourceName: name }),
    ),
  });
}
