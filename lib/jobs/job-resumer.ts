/** Has executions go on that wait for answers: a function on the jobs table's stream, called for each last answer. */
import { FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import { JobStatus } from '../../lambdas/jobs/job.ts';
import { DeadLetterQueue } from '../defaults/dead-letter-queue.ts';
import { lambdaEntry } from '../defaults/lambda-entry.ts';
import { NodeFunction } from '../defaults/node-function.ts';
import type { OperationGrants } from '../operations/operation-grants.ts';
import type { JobsTable } from './jobs-table.ts';

export interface JobResumerProps {
  readonly jobsTable: JobsTable;
  readonly operations: readonly OperationGrants[];
}

export class JobResumer extends Construct {
  constructor(scope: Construct, id: string, { jobsTable, operations }: JobResumerProps) {
    super(scope, id);
    const resumer = new NodeFunction(this, 'Function', {
      description: 'Has executions go on whose jobs have been answered',
      entry: lambdaEntry('executions/input/resume.lambda'),
    });
    for (const operation of operations) operation.grantResume(resumer);
    const deadLetters = new DeadLetterQueue(this, 'DeadLetters', {
      alarmDescription: 'Answers whose execution could not be told to go on',
    });
    resumer.addEventSource(
      new DynamoEventSource(jobsTable.table, {
        startingPosition: StartingPosition.TRIM_HORIZON,
        batchSize: 10,
        reportBatchItemFailures: true,
        bisectBatchOnError: true,
        // As long as the stream keeps its records, a day.
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
