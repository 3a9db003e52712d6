/** Creates the canary: a function that starts a job every five minutes through the public address, and receives its webhook. */

import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { LambdaIntegration } from 'aws-cdk-lib/aws-apigateway';
import { AttributeType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { Construct, type Node } from 'constructs';
import { CANARY_PATH, type CanarySettings, CanaryTable } from '../../lambdas/canary/canary-settings.ts';
import { type OperationDefinition, toolNameOf } from '../../lambdas/definition/operation-definition.ts';
import { Env } from '../../lambdas/shared/env.ts';
import { PUBLIC } from '../access/public-method.ts';
import type { Catalogue } from '../catalogue.ts';
import { CompactRole } from '../defaults/compact-role.ts';
import { contextText } from '../defaults/context-text.ts';
import { lambdaEntry } from '../defaults/lambda-entry.ts';
import { NodeFunction } from '../defaults/node-function.ts';
import { TABLE_DEFAULTS } from '../defaults/table-defaults.ts';
import { grantTable } from '../defaults/table-grants.ts';
import type { Gateway } from '../endpoints/gateway.ts';
import { grantSignIn } from './canary-sign-in.ts';

/**
 * Options of the canary.
 * @example
 * ```ts
 * const canary = { operation: 'search', input: { project: 'canary', pattern: 'ok' } };
 * new AsyncOperations(stack, 'Operations', { operations, monitoring: { canary } });
 * ```
 */
export interface CanaryOptions {
  /**
   * Name of the operation that it runs every five minutes. Choose one that is cheap, changes nothing and asks nobody. It needs a
   * mode with jobs: `job` or `sync_first`.
   */
  readonly operation: string;
  /** Input of each job. It must match the schema of the operation. @default {} */
  readonly input?: Readonly<Record<string, unknown>>;
  /**
   * Only with `authorization: { mode: 'oidc' }`: ARN of a secret in Secrets Manager with the client of the canary at your identity
   * provider, as JSON with `client_id` and `client_secret`. The client needs the grant `client_credentials` and the scopes
   * `jobs:read`, `jobs:write` and `webhooks:manage`. Further members, such as `audience`, become parameters of the token request.
   * @default none: with Cognito and IAM, the stack creates the client
   */
  readonly clientSecretArn?: string;
}

export interface CanaryProps extends CanaryOptions {
  readonly gateway: Gateway;
  readonly catalogue: Catalogue;
}

/** For the keys and the token, 20 s, the start, 29 s, and the wait for the webhook, 60 s. */
const TIMEOUT = Duration.seconds(120);

/** The function of the canary, its schedule, its public route and the table of its runs. */
export class Canary extends Construct {
  /** @throws Error naming the option, the value and the remedy */
  constructor(scope: Construct, id: string, props: CanaryProps) {
    super(scope, id);
    const { gateway, catalogue, operation, input = {}, clientSecretArn } = props;
    const tool = toolNameOf(checkedOperation(catalogue.operations, operation, input));
    const canary = new NodeFunction(this, 'Function', {
      description: 'Runs the canary: starts a job every five minutes and receives its webhook',
      entry: lambdaEntry('canary/canary.lambda'),
      role: new CompactRole(this, 'FunctionRole', 'lambda.amazonaws.com'),
      // It has a public route, as the functions that callers can fill.
      purpose: 'recorder',
      memorySize: 256,
      timeout: TIMEOUT,
    });
    const runs = new TableV2(this, 'Runs', {
      ...TABLE_DEFAULTS,
      partitionKey: { name: CanaryTable.partitionKey, type: AttributeType.STRING },
      timeToLiveAttribute: CanaryTable.ttlAttribute,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    grantTable(canary, runs, ['GetItem', 'PutItem', 'UpdateItem']);
    const signIn = grantSignIn(this, canary, gateway, clientSecretArn);
    const settings: CanarySettings = { tool, input, signIn };
    canary.addEnvironment(Env.canary, Stack.of(this).toJsonString(settings));
    canary.addEnvironment(Env.canaryTableName, runs.tableName);
    canary.addEnvironment(Env.apiUrl, gateway.addressWithoutStage);
    gateway.api.root
      .resourceForPath(`${CANARY_PATH}/{token}`)
      .addMethod('POST', new LambdaIntegration(canary, { allowTestInvoke: false }), PUBLIC);
    new Rule(this, 'EveryFiveMinutes', {
      description: 'Starts a job of the canary every five minutes',
      schedule: Schedule.rate(Duration.minutes(5)),
      targets: [new LambdaTarget(canary)],
    });
  }
}

/**
 * Reads `canary`, the name of an operation, with `canaryInput` and `canarySecretArn` from the CDK context.
 * @returns undefined without `canary`
 * @throws Error naming the key, the value and the remedy
 */
export function readCanary(node: Node): CanaryOptions | undefined {
  const [operation, input, clientSecretArn] = ['canary', 'canaryInput', 'canarySecretArn'].map((key) =>
    contextText(node, key),
  );
  if (operation === undefined) {
    if (input === undefined && clientSecretArn === undefined) return undefined;
    throw new Error(
      'canaryInput and canarySecretArn need an operation: add -c canary=OPERATION, or remove them.',
    );
  }
  return { operation, ...(input !== undefined && { input: parseInput(input) }), clientSecretArn };
}

function parseInput(text: string): Readonly<Record<string, unknown>> {
  try {
    const input: unknown = JSON.parse(text);
    if (typeof input === 'object' && input !== null && !Array.isArray(input)) return { ...input };
  } catch {}
  throw new Error(
    `canaryInput is ${text}: give a JSON object, such as '{"project":"canary","pattern":"ok"}'.`,
  );
}

/** @throws Error for an operation that the canary cannot run with this input */
function checkedOperation(
  operations: readonly OperationDefinition[],
  name: string,
  input: Readonly<Record<string, unknown>>,
): OperationDefinition {
  const usable = operations.filter(({ execution, retired }) => execution.mode !== 'sync' && !retired);
  const operation = usable.find((one) => one.name === name);
  if (!operation) {
    const names = usable.map((one) => one.name).join(', ') || 'none';
    throw new Error(
      `monitoring.canary.operation is "${name}", which is no operation of the catalogue that creates jobs. Use one of: ${names}.`,
    );
  }
  const { error } = operation.input.safeParse(input);
  const [issue] = error?.issues ?? [];
  if (!issue) return operation;
  throw new Error(
    `monitoring.canary.input does not match the input of ${name}: ${[...issue.path, issue.message].join(': ')}. Change the input.`,
  );
}
