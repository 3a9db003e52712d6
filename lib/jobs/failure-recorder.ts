/** Marks jobs as failed when their execution ends without a result, so that no job stays open. */
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { lambdaEntry } from '../defaults/lambda-entry.ts';
import { NodeFunction } from '../defaults/node-function.ts';
import type { Operation } from '../operations/operation.ts';
import type { JobsTable } from './jobs-table.ts';

export interface FailureRecorderProps {
  readonly jobsTable: JobsTable;
}

/** A function that records failures for state machines and for EventBridge. */
export class FailureRecorder extends Construct {
  /** State machines invoke it when a step cannot record its own failure. */
  readonly failureRecorder: LambdaFunction;

  constructor(scope: Construct, id: string, { jobsTable }: FailureRecorderProps) {
    super(scope, id);
    this.failureRecorder = new NodeFunction(this, 'Function', {
      description: 'Marks a job as failed when a step crashes or the execution is stopped',
      entry: lambdaEntry('executions/endings/record-failure.lambda'),
      purpose: 'recorder',
    });
    jobsTable.grantProgress(this.failureRecorder);
  }

  /** Handles what no state can catch: executions that are stopped by hand, invalid, or timed out as a whole. */
  watch(operations: readonly Operation[]): void {
    const stateMachines = operations.flatMap(({ stateMachine }) => stateMachine ?? []);
    if (stateMachines.length === 0) return;
    new Rule(this, 'ExecutionEnded', {
      description: 'Executions that did not succeed',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
          stateMachineArn: stateMachines.map(({ stateMachineArn }) => stateMachineArn),
        },
      },
      targets: [new LambdaTarget(this.failureRecorder)],
    });
  }
}
