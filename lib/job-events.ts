/** Tells the world of jobs: the table's stream, a function, and an SNS topic that anybody may subscribe to. */
import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { Env } from '../lambdas/shared/env.ts';
import type { JobsTable } from './jobs-table.ts';
import { NodeFunction, repositoryRoot } from './node-function.ts';

export interface JobEventsProps {
  readonly jobsTable: JobsTable;
}

export class JobEvents extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, { jobsTable }: JobEventsProps) {
    super(scope, id);
    this.topic = new Topic(this, 'Topic', { displayName: 'What happens to jobs', enforceSSL: true });

    // Records that failed every time. Each names its place in the stream, where it can be read for a day.
    const deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    new Alarm(this, 'DeadLettersAlarm', {
      alarmDescription: 'Changes of jobs that nobody could be told of',
      metric: deadLetters.metricApproximateNumberOfMessagesVisible(),
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });

    const publisher = new NodeFunction(this, 'Function', {
      description: 'Tells the events topic what the stream of the jobs table shows',
      entry: `${repositoryRoot}lambdas/webhooks/publish-events.lambda.ts`,
    });
    this.topic.grantPublish(publisher);
    publisher.addEnvironment(Env.eventsTopicArn, this.topic.topicArn);
    publisher.addEventSource(
      new DynamoEventSource(jobsTable.table, {
        startingPosition: StartingPosition.TRIM_HORIZON,
        batchSize: 100,
        reportBatchItemFailures: true,
        bisectBatchOnError: true,
        // A poisoned record is set aside after these; with backoff that is about a minute for its shard.
        retryAttempts: 5,
        onFailure: new SqsDlq(deadLetters),
        // Deletions tell nothing: not even an invocation.
        filters: [FilterCriteria.filter({ eventName: FilterRule.or('INSERT', 'MODIFY') })],
      }),
    );
  }
}
