/** Starts and stops executions whose first start or stop Step Functions throttled, with a queue and a function. */
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
import type { OperationNames } from '../operations/operation-names.ts';
import type { JobsTable } from './jobs-table.ts';

export interface ExecutionQueueProps {
  readonly jobsTable: JobsTable;
  readonly names: OperationNames;
  readonly operations: readonly OperationGrants[];
  /** The function bundles it. */
  readonly catalogue: Catalogue;
}

const TIMEOUT = Duration.seconds(30);

/** The queue of jobs, its dead letters, and the function that reads it. */
export class ExecutionQueue extends Construct {
  /** Jobs whose start or stop is tried again. */
  readonly queue: Queue;

  constructor(scope: Construct, id: string, props: ExecutionQueueProps) {
    super(scope, id);
    const { jobsTable, names, operations, catalogue } = props;
    const deadLetters = new DeadLetterQueue(this, 'DeadLetters', { name: 'executions' });
    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // As AWS advises: six times the timeout of the function.
      visibilityTimeout: Duration.seconds(6 * TIMEOUT.toSeconds()),
      // One try each three minutes, for half an hour. The reconciler tries each two minutes and does not stop.
      deadLetterQueue: { queue: deadLetters.queue, maxReceiveCount: 10 },
    });
    const settler = new NodeFunction(this, 'Function', {
      description: 'Starts and stops executions that Step Functions throttled before',
      entry: lambdaEntry('executions/queue/settle-queued.lambda'),
      timeout: TIMEOUT,
      catalogue,
    });
    jobsTable.grantProgress(settler);
    names.grantRun(settler);
    for (const operation of operations) operation.grantStartStop(settler);
    settler.addEventSource(
      new SqsEventSource(this.queue, {
        batchSize: 10,
        reportBatchItemFailures: true,
        // The least that Lambda allows. Twenty calls at once use what Step Functions accepts.
        maxConcurrency: 2,
      }),
    );
  }

  /** Allows a function to queue jobs. */
  grantQueue(fn: LambdaFunction): void {
    this.queue.grantSendMessages(fn);
    fn.addEnvironment(Env.executionQueueUrl, this.queue.queueUrl);
  }
}
