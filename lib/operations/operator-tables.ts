/** Reads the names of existing tables that operations may change, and grants access to them. */
import { Stack } from 'aws-cdk-lib';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Node } from 'constructs';
import { Env } from '../../lambdas/shared/env.ts';
import { tableKeysStatement } from './kms-keys.ts';

const KEY = 'migrateTables';

/** Reads `migrateTables` of the CDK context. @throws Error naming the key, the value and the remedy */
export function readTables(node: Node): readonly string[] {
  const value: unknown = node.tryGetContext(KEY) ?? '';
  const names = String(value)
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const invalid = names.find((name) => !/^[a-zA-Z0-9_.-]{3,255}$/.test(name));
  if (invalid === undefined) return names;
  throw new Error(
    `${KEY}: "${invalid}" is not a table name. Give names, separated by commas: -c ${KEY}=orders,customers`,
  );
}

/**
 * Allows a function only to scan these tables and to update their items, without access to indexes.
 * @param kmsKeys ARNs of the keys that encrypt them, where these are customer managed
 */
export function grantTables(fn: LambdaFunction, names: readonly string[], kmsKeys: readonly string[]): void {
  fn.addEnvironment(Env.operatorTables, names.join(','));
  if (names.length === 0) return;
  Grant.addToPrincipal({
    grantee: fn,
    actions: ['dynamodb:DescribeTable', 'dynamodb:Scan', 'dynamodb:UpdateItem'],
    resourceArns: names.map((name) =>
      Stack.of(fn).formatArn({ service: 'dynamodb', resource: 'table', resourceName: name }),
    ),
  });
  if (kmsKeys.length > 0) fn.addToRolePolicy(tableKeysStatement(kmsKeys));
}
