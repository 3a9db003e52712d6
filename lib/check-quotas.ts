/** Checks quotas of AWS at synthesis that grow with the number of operations. CloudFormation would find them at deploy. */
import { CfnResource, Stack } from 'aws-cdk-lib';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';

/** CloudFormation's limit for the resources of one stack. */
const MAX_RESOURCES = 500;
/** Lambda's limit for the JSON of a function's environment variables. */
const MAX_ENVIRONMENT_BYTES = 4_096;
/** EventBridge's limit for an event pattern. */
const MAX_PATTERN_CHARACTERS = 2_048;

const SPLIT =
  'Divide the catalogue between stacks: give loadOperations the names of some operations with `only`.';

/** Lengths of values that are known only at deploy: the longest ones of pseudo parameters, and usual ones of resources. */
const LENGTHS: Readonly<Record<string, number>> = {
  'AWS::AccountId': 12,
  'AWS::Partition': 10,
  'AWS::Region': 14,
  'AWS::URLSuffix': 16,
};
const RESOURCE_LENGTH = 64;
const ATTRIBUTE_LENGTH = 100;

/** Lets synthesis fail with the number, the limit and the remedy. */
export function addQuotaChecks(scope: Construct, operationCount: number): void {
  scope.node.addValidation({
    validate: () => [...checkStack(scope, operationCount), ...checkResources(scope)],
  });
}

function checkStack(scope: Construct, operationCount: number): string[] {
  const stack = Stack.of(scope);
  const count = stack.node
    .findAll()
    .filter((one) => CfnResource.isCfnResource(one) && one.stack === stack).length;
  if (count <= MAX_RESOURCES) return [];
  return [
    `The stack has ${count} resources with ${operationCount} operations, and CloudFormation allows ${MAX_RESOURCES}. ${SPLIT}`,
  ];
}

function checkResources(scope: Construct): string[] {
  const stack = Stack.of(scope);
  return scope.node.findAll().flatMap((one) => {
    if (one instanceof CfnFunction) {
      const environment = stack.resolve(one.environment) as { readonly variables?: object } | undefined;
      const bytes = Buffer.byteLength(JSON.stringify(withLengths(environment?.variables ?? {})));
      if (bytes <= MAX_ENVIRONMENT_BYTES) return [];
      return `The environment of ${one.node.path} takes ${bytes} bytes, and Lambda allows ${MAX_ENVIRONMENT_BYTES}. ${SPLIT}`;
    }
    if (one instanceof CfnRule) {
      const characters = JSON.stringify(withLengths(stack.resolve(one.eventPattern) ?? {})).length;
      if (characters <= MAX_PATTERN_CHARACTERS) return [];
      return `The pattern of ${one.node.path} has ${characters} characters, and EventBridge allows ${MAX_PATTERN_CHARACTERS}. ${SPLIT}`;
    }
    return [];
  });
}

/** Replaces intrinsic functions with texts of the length that their values have at deploy. */
function withLengths(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withLengths);
  if (typeof value !== 'object' || value === null) return value;
  const [[name, argument] = ['', undefined], ...others] = Object.entries(value);
  if (others.length === 0 && name === 'Ref') return 'x'.repeat(LENGTHS[String(argument)] ?? RESOURCE_LENGTH);
  if (others.length === 0 && name === 'Fn::Join') {
    const [separator, parts] = argument as [string, unknown[]];
    return parts.map((part) => String(withLengths(part))).join(separator);
  }
  if (others.length === 0 && name.startsWith('Fn::')) return 'x'.repeat(ATTRIBUTE_LENGTH);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withLengths(inner)]));
}
