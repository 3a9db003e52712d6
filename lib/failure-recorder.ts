/** The function that records what a step could not record itself. */
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { JobsTable } from './jobs-table.ts';
import { NodeFunction, repositoryRoot } from './node-function.ts';

export interface FailureRecorderProps {
  readonly jobsTable: JobsTable;
}

export class FailureRecorder extends Construct {
  readonly failureRecorder: LambdaFunction;

  constructor(scope: Construct, id: string, { jobsTable }: FailureRecorderProps) {
    super(scope, id);
    this.failureRecorder = new NodeFunction(this, 'Function', {
      description: 'Marks a job failed when its step crashed or timed out',
      entry: `${repositoryRoot}lambdas/jobs/record-failure.lambda.ts`,
    });
    jobsTable.grantProgress(this.failureRecorder);
  }
}
