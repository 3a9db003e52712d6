/** Tells the world of jobs: the table's stream, and a function that hands each change to a topic and to webhooks. */
import { FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { Env } from '../../lambdas/shared/env.ts';
import { DeadLetterQueue } from '../defaults/dead-letter-queue.ts';
import { lambdaEntry } from '../defaults/lambda-entry.ts';
import { NodeFunction } from '../defaults/node-function.ts';
import type { JobsTable } from '../jobs/jobs-table.ts';
import type { Webhooks } from './webhooks.ts';

export interface JobEventsProps {
  readonly jobsTable: JobsTable;
  readonly webhooks: Webhooks;
}

export class JobEvents extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, { jobsTable, webhooks }: JobEventsProps) {
    super(scope, id);
    this.topic = new Topic(this, 'Topic', { displayName: 'What happens to jobs', enforceSSL: true });

    // Records that cannot be read, and places in the stream of batches that failed for as long as it keeps them.
    const deadLetters = new DeadLetterQueue(this, 'DeadLetters', {
      alarmDescription: 'Changes of jobs that nobody could be told of',
    });

    const publisher = new NodeFunction(this, 'Function', {
      description: 'Tells the events topic and endpoints what the stream of the jobs table shows',
      entry: lambdaEntry('webhooks/publish-events.lambda'),
    });
    this.topic.grantPublish(publisher);
    publisher.addEnvironment(Env.eventsTopicArn, this.topic.topicArn);
    deadLetters.queue.grantSendMessages(publisher);
    publisher.addEnvironment(Env.eventDeadLetterQueueUrl, deadLetters.queue.queueUrl);
    webhooks.grantRoute(publisher);
    publisher.addEventSource(
      new DynamoEventSource(jobsTable.table, {
        startingPosition: StartingPosition.TRIM_HORIZON,
        batchSize: 100,
        reportBatchItemFailures: true,
        bisectBatchOnError: true,
        // As long as the stream keeps its records, a day: a fault of SNS, SQS or the tables loses nothing.
        retryAttempts: 10_000,
        onFailure: new SqsDlq(deadLetters.queue),
        // Deletions tell nothing: not even an invocation.
        filters: [FilterCriteria.filter({ eventName: FilterRule.or('INSERT', 'MODIFY') })],
      }),
    );
  }
}
