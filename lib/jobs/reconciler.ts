/** Looks every five minutes for jobs whose start or end was lost, or the word of their file's arrival. */
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
  /** Bundled into the function. */
  readonly catalogue: Catalogue;
}

export class Reconciler extends Construct {
  constructor(scope: Construct, id: string, props: ReconcilerProps) {
    const { jobsTable, operations, workspace, catalogue } = props;
    super(scope, id);
    const reconciler = new NodeFunction(this, 'Function', {
      description: 'Looks after open jobs whose start or end was lost, or whose file came unseen',
      entry: lambdaEntry('executions/endings/reconcile.lambda'),
      catalogue,
      // Below the five minutes, so that no two look at once.
      timeout: Duration.minutes(4),
    });
    jobsTable.grantReconcile(reconciler);
    workspace.grantFindUpload(reconciler);
    for (const operation of operations) operation.grantReconcile(reconciler);
    new Rule(this, 'EveryFiveMinutes', {
      description: 'Looks after open jobs',
      schedule: Schedule.rate(Duration.minutes(5)),
      targets: [new LambdaTarget(reconciler)],
    });
  }
}
