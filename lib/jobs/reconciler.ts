/** Runs a function every five minutes that repairs open jobs whose start, end or upload event was lost. */
import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import type { Catalogue } from '../catalogue.ts';
import { lambdaEntry } from '../defaults/lambda-entry.ts';
import { NodeFunction } from '../defaults/node-function.ts';
import type { OperationGrants } from '../operations/operation-grants.ts';
import type { JobsTable } from './jobs-table.ts';
import type { WorkspaceBucket } from './workspace-bucket.ts';

export interface ReconcilerProps {
  readonly jobsTable: JobsTable;
  readonly operations: readonly OperationGrants[];
  readonly workspace: WorkspaceBucket;
  /** The function bundles it. */
  readonly catalogue: Catalogue;
}

/** The function that repairs open jobs, and its schedule. */
export class Reconciler extends Construct {
  constructor(scope: Construct, id: string, props: ReconcilerProps) {
    const { jobsTable, operations, workspace, catalogue } = props;
    super(scope, id);
    const reconciler = new NodeFunction(this, 'Function', {
      description: 'Repairs open jobs whose start, end or upload event was lost',
      entry: lambdaEntry('executions/endings/reconcile.lambda'),
      catalogue,
      // Less than five minutes, so that no two runs overlap.
      timeout: Duration.minutes(4),
    });
    jobsTable.grantReconcile(reconciler);
    workspace.grantHeadUpload(reconciler);
    for (const operation of operations) operation.grantReconcile(reconciler);
    new Rule(this, 'EveryFiveMinutes', {
      description: 'Repairs open jobs every five minutes',
      schedule: Schedule.rate(Duration.minutes(5)),
      targets: [new LambdaTarget(reconciler)],
    });
  }
}
