/** Marks jobs as failed when their execution ends without a result, so that no job stays open. */
import { Match, Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Catalogue } from '../catalogue.ts';
import { CompactRole } from '../defaults/compact-role.ts';
import { lambdaEntry } from '../defaults/lambda-entry.ts';
import { NodeFunction } from '../defaults/node-function.ts';
import type { OperationNames } from '../operations/operation-names.ts';
import type { JobsTable } from './jobs-table.ts';

export interface FailureRecorderProps {
  readonly jobsTable: JobsTable;
  /** The function bundles the names of its operations. */
  readonly catalogue: Catalogue;
}

/** A function that records failures for state machines and for EventBridge. */
export class FailureRecorder extends Construct {
  /** State machines invoke it when a step cannot record its own failure. */
  readonly failureRecorder: LambdaFunction;

  constructor(scope: Construct, id: string, { jobsTable, catalogue }: FailureRecorderProps) {
    super(scope, id);
    this.failureRecorder = new NodeFunction(this, 'Function', {
      description: 'Marks a job as failed when a step crashes or the execution is stopped',
      entry: lambdaEntry('executions/endings/record-failure.lambda'),
      role: new CompactRole(this, 'FunctionRole', 'lambda.amazonaws.com'),
      purpose: 'recorder',
      catalogue,
    });
    jobsTable.grantProgress(this.failureRecorder);
  }

  /** Handles what no state can catch: executions that are stopped by hand, invalid, or timed out as a whole. */
  watch({ stateMachineArnPrefix }: OperationNames): void {
    new Rule(this, 'ExecutionEnded', {
      description: 'Executions that did not succeed',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
          // Covers operations that a deploy has removed: their executions end after the deploy.
          stateMachineArn: Match.prefix(stateMachineArnPrefix),
        },
      },
      targets: [new LambdaTarget(this.failureRecorder)],
    });
  }
}
