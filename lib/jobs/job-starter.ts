/** Starts jobs whose first start Step Functions throttled: a queue, its dead letters, and a function. */
import { Duration } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { Env } from '../../lambdas/shared/env.ts';
import type { Catalogue } from '../catalogue.ts';
import { DeadLetterQueue } from '../defaults/dead-letter-queue.ts';
import { lambdaEntry } from '../defaults/lambda-entry.ts';
import { NodeFunction } from '../defaults/node-function.ts';
import type { OperationGrants } from '../operations/operation-grants.ts';
import type { JobsTable } from './jobs-table.ts';

export interface JobStarterProps {
  readonly jobsTable: JobsTable;
  readonly operations: readonly OperationGrants[];
  /** The function bundles it. */
  readonly catalogue: Catalogue;
}

const TIMEOUT = Duration.seconds(30);

/** The queue of starts, and the function that reads it. */
export class JobStarter extends Construct {
  readonly #queue: Queue;

  constructor(scope: Construct, id: string, { jobsTable, operations, catalogue }: JobStarterProps) {
    super(scope, id);
    const deadLetters = new DeadLetterQueue(this, 'DeadLetters', {
      alarmDescription:
        'Jobs did not start for half an hour. Check the log of the job starter and the quotas of Step Functions, then redrive the messages',
    });
    this.#queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // As AWS advises: six times the timeout of the function.
      visibilityTimeout: Duration.seconds(6 * TIMEOUT.toSeconds()),
      // One try each three minutes, for half an hour. The reconciler tries each two minutes and does not stop.
      deadLetterQueue: { queue: deadLetters.queue, maxReceiveCount: 10 },
    });
    const starter = new NodeFunction(this, 'Function', {
      description: 'Starts jobs whose first start was throttled',
      entry: lambdaEntry('executions/starts/start-queued.lambda'),
      timeout: TIMEOUT,
      catalogue,
    });
    jobsTable.grantProgress(starter);
    for (const operation of operations) operation.grantStartExecution(starter);
    starter.addEventSource(
      new SqsEventSource(this.#queue, {
        batchSize: 10,
        reportBatchItemFailures: true,
        // The least that Lambda allows. Twenty starts at once use what Step Functions accepts.
        maxConcurrency: 2,
      }),
    );
  }

  /** Allows a function to queue starts. */
  grantQueue(fn: LambdaFunction): void {
    this.#queue.grantSendMessages(fn);
    fn.addEnvironment(Env.startQueueUrl, this.#queue.queueUrl);
  }
}
