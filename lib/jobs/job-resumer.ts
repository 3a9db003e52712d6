/** Resumes executions that wait for answers, with a function on the jobs table's stream that runs for each last answer. */
import { FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import { JobStatus } from '../../lambdas/jobs/job.ts';
import { CompactRole } from '../defaults/compact-role.ts';
import { DeadLetterQueue } from '../defaults/dead-letter-queue.ts';
import { lambdaEntry } from '../defaults/lambda-entry.ts';
import { NodeFunction } from '../defaults/node-function.ts';
import type { OperationNames } from '../operations/operation-names.ts';
import type { JobsTable } from './jobs-table.ts';

export interface JobResumerProps {
  readonly jobsTable: JobsTable;
  readonly names: OperationNames;
}

/** The function that resumes executions, and its dead-letter queue. */
export class JobResumer extends Construct {
  constructor(scope: Construct, id: string, { jobsTable, names }: JobResumerProps) {
    super(scope, id);
    const resumer = new NodeFunction(this, 'Function', {
      description: 'Resumes executions when all questions of their job have answers',
      entry: lambdaEntry('executions/input/resume.lambda'),
      role: new CompactRole(this, 'FunctionRole', 'lambda.amazonaws.com'),
      purpose: 'resumer',
    });
    names.grantResume(resumer);
    const deadLetters = new DeadLetterQueue(this, 'DeadLetters', { name: 'answers' });
    resumer.addEventSource(
      new DynamoEventSource(jobsTable.table, {
        startingPosition: StartingPosition.TRIM_HORIZON,
        batchSize: 10,
        reportBatchItemFailures: true,
        bisectBatchOnError: true,
        // For the day that the stream keeps its records.
        retryAttempts: 10_000,
        onFailure: new SqsDlq(deadLetters.queue),
        filters: [
          FilterCriteria.filter({
            eventName: FilterRule.isEqual('MODIFY'),
            dynamodb: {
              OldImage: { status: { S: FilterRule.isEqual(JobStatus.inputRequired) } },
              NewImage: {
                status: { S: FilterRule.isEqual(JobStatus.running) },
                taskToken: { S: FilterRule.exists() },
              },
            },
          }),
        ],
      }),
    );
  }
}
