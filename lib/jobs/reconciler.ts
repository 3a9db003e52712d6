/** Runs a function every two minutes that repairs open jobs whose start, end or upload event was lost. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { Env } from '../../lambdas/shared/env.ts';
import type { Catalogue } from '../catalogue.ts';
import { lambdaEntry } from '../defaults/lambda-entry.ts';
import { NodeFunction } from '../defaults/node-function.ts';
import { TABLE_DEFAULTS } from '../defaults/table-defaults.ts';
import { grantTable } from '../defaults/table-grants.ts';
import type { OperationGrants } from '../operations/operation-grants.ts';
import type { OperationNames } from '../operations/operation-names.ts';
import type { JobsTable } from './jobs-table.ts';
import type { WorkspaceBucket } from './workspace-bucket.ts';

export interface ReconcilerProps {
  readonly jobsTable: JobsTable;
  readonly names: OperationNames;
  readonly operations: readonly OperationGrants[];
  readonly workspace: WorkspaceBucket;
  /** The function bundles it. */
  readonly catalogue: Catalogue;
}

/**
 * The function that repairs open jobs, its schedule, and a table with its lease and its findings. The lease keeps two runs apart: a new account
 * has no concurrency to reserve.
 */
export class Reconciler extends Construct {
  readonly #sweeps: TableV2;

  constructor(scope: Construct, id: string, props: ReconcilerProps) {
    const { jobsTable, names, operations, workspace, catalogue } = props;
    super(scope, id);
    const reconciler = new NodeFunction(this, 'Function', {
      description: 'Repairs open jobs whose start, end or upload event was lost',
      entry: lambdaEntry('executions/endings/reconcile.lambda'),
      catalogue,
      // A minute of grace, two between the runs, one of EventBridge and this are less than six minutes.
      timeout: Duration.seconds(110),
      // The next run does more than a retry.
      retryAttempts: 0,
    });
    this.#sweeps = new TableV2(this, 'Sweeps', {
      ...TABLE_DEFAULTS,
      partitionKey: { name: 'id', type: AttributeType.STRING },
      removalPolicy: RemovalPolicy.DESTROY,
    });
    grantTable(reconciler, this.#sweeps, ['UpdateItem']);
    reconciler.addEnvironment(Env.sweepsTableName, this.#sweeps.tableName);
    jobsTable.grantReconcile(reconciler);
    workspace.grantHeadUpload(reconciler);
    names.grantReconcile(reconciler);
    for (const operation of operations) operation.grantReconcile(reconciler);
    new Rule(this, 'EveryTwoMinutes', {
      description: 'Repairs open jobs every two minutes',
      schedule: Schedule.rate(Duration.minutes(2)),
      targets: [new LambdaTarget(reconciler)],
    });
  }

  /** Allows a function to read what the sweeps found. */
  grantReadFindings(fn: LambdaFunction): void {
    grantTable(fn, this.#sweeps, ['BatchGetItem']);
    fn.addEnvironment(Env.sweepsTableName, this.#sweeps.tableName);
  }
}
