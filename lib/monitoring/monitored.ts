/** Finds what the alarms and the dashboard watch among the constructs of a deployment. */
import { Stack } from 'aws-cdk-lib';
import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { CfnGlobalTable, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Rule } from 'aws-cdk-lib/aws-events';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { type ILogGroup, LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { DeadLetterQueue } from '../defaults/dead-letter-queue.ts';
import { type FunctionPurpose, NodeFunction } from '../defaults/node-function.ts';
import { Operation } from '../operations/operation.ts';

/** A table with the names of its indexes. */
export interface MonitoredTable {
  /** The ids of its constructs without what all of them share: `Jobs`, `Tables Deliveries`. */
  readonly name: string;
  readonly table: TableV2;
  readonly indexes: readonly string[];
}

/** Log groups by who writes them. */
export interface LogGroups {
  /** With those of the API and of state machines. */
  readonly engine: readonly ILogGroup[];
  readonly operations: readonly ILogGroup[];
}

/** What alarms and the dashboard watch. */
export interface Monitored {
  /** The dimension `service` of the metrics. */
  readonly service: string;
  readonly api: RestApi;
  readonly topic: Topic;
  readonly deliveries: Queue;
  readonly starts: Queue;
  readonly eventRetries: Queue;
  /** The functions of the engine. A step that throws is an error of its function too, so those of operations are not here. */
  readonly functions: readonly LambdaFunction[];
  /** The functions that run steps, and their sandboxes. */
  readonly stepFunctions: readonly LambdaFunction[];
  /** Undefined for callers with AWS credentials, whom API Gateway itself verifies. */
  readonly authorizer: LambdaFunction | undefined;
  readonly publisher: LambdaFunction;
  readonly resumer: LambdaFunction;
  readonly rules: readonly Rule[];
  readonly tables: readonly MonitoredTable[];
  readonly deadLetters: readonly DeadLetterQueue[];
  readonly logGroups: LogGroups;
}

/** What `findMonitored` does not find by its class. */
export type MonitoredParts = Pick<
  Monitored,
  'service' | 'api' | 'topic' | 'deliveries' | 'starts' | 'eventRetries'
>;

export function findMonitored(scope: Construct, parts: MonitoredParts): Monitored {
  const all = scope.node.findAll();
  const allFunctions = all.filter((one): one is NodeFunction => one instanceof NodeFunction);
  const functions = allFunctions.filter((fn) => !isOfOperation(fn));
  const logGroups = all.filter((one): one is LogGroup => one instanceof LogGroup);
  return {
    ...parts,
    functions,
    stepFunctions: allFunctions.filter(isOfOperation),
    authorizer: functions.find(({ purpose }) => purpose === 'authorizer'),
    publisher: withPurpose(functions, 'publisher'),
    resumer: withPurpose(functions, 'resumer'),
    rules: all.filter((one): one is Rule => one instanceof Rule),
    tables: all
      .filter((one): one is TableV2 => one instanceof TableV2)
      .map((table) => ({ name: nameOf(table), table, indexes: indexesOf(table) })),
    deadLetters: all.filter((one): one is DeadLetterQueue => one instanceof DeadLetterQueue),
    logGroups: {
      engine: logGroups.filter((group) => !isOfOperation(group)),
      operations: logGroups.filter(isOfOperation),
    },
  };
}

function isOfOperation(construct: Construct): boolean {
  return construct.node.scopes.some((scope) => scope instanceof Operation);
}

function withPurpose(functions: readonly NodeFunction[], purpose: FunctionPurpose): NodeFunction {
  const found = functions.find((fn) => fn.purpose === purpose);
  if (!found) throw new Error(`No function has the purpose "${purpose}".`);
  return found;
}

function nameOf({ node }: TableV2): string {
  return [node.scope?.node.id, node.id === 'Table' ? undefined : node.id].filter(Boolean).join(' ');
}

function indexesOf(table: TableV2): string[] {
  const resource = table.node.findAll().find((one) => one instanceof CfnGlobalTable);
  const indexes: { readonly indexName: string }[] =
    Stack.of(table).resolve(resource?.globalSecondaryIndexes) ?? [];
  return indexes.map(({ indexName }) => indexName);
}
