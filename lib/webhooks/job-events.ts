/** Publishes job events: a function reads the jobs table's stream and sends each change to a topic and to webhooks. */
import { Duration } from 'aws-cdk-lib';
import { FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq, SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { Env } from '../../lambdas/shared/env.ts';
import type { Catalogue } from '../catalogue.ts';
import { CompactRole } from '../defaults/compact-role.ts';
import { DeadLetterQueue } from '../defaults/dead-letter-queue.ts';
import { lambdaEntry } from '../defaults/lambda-entry.ts';
import { NodeFunction } from '../defaults/node-function.ts';
import type { JobsTable } from '../jobs/jobs-table.ts';
import type { Webhooks } from './webhooks.ts';

export interface JobEventsProps {
  readonly jobsTable: JobsTable;
  /** The function bundles the names of its operations. */
  readonly catalogue: Catalogue;
  readonly webhooks: Webhooks;
  /** Whether the topic receives `job.progress` too. */
  readonly progressToTopic: boolean;
}

/** Six times the timeout of the publisher, as Lambda recommends. */
const RETRY_INTERVAL = Duration.minutes(3);
/** For a day. */
const RETRIES = 480;

/** The events topic, and the function that publishes to it. */
export class JobEvents extends Construct {
  readonly topic: Topic;
  /** Events that the topic or the webhooks did not take. */
  readonly retries: Queue;

  constructor(
    scope: Construct,
    id: string,
    { jobsTable, catalogue, webhooks, progressToTopic }: JobEventsProps,
  ) {
    super(scope, id);
    this.topic = new Topic(this, 'Topic', { displayName: 'Job events', enforceSSL: true });

    // Contains unreadable records, refused events, and the stream positions of batches that failed until the stream dropped them.
    const deadLetters = new DeadLetterQueue(this, 'DeadLetters', { name: 'events' });
    // Events that the topic or the webhooks did not take wait here, so that neither holds the other.
    this.retries = new Queue(this, 'Retries', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      visibilityTimeout: RETRY_INTERVAL,
      retentionPeriod: Duration.days(4),
      deadLetterQueue: { queue: deadLetters.queue, maxReceiveCount: RETRIES },
    });

    const publisher = new NodeFunction(this, 'Function', {
      description: 'Publishes changes of jobs to the events topic and to webhook endpoints',
      entry: lambdaEntry('webhooks/publish-events.lambda'),
      role: new CompactRole(this, 'FunctionRole', 'lambda.amazonaws.com'),
      purpose: 'publisher',
      catalogue,
    });
    this.topic.grantPublish(publisher);
    publisher.addEnvironment(Env.eventsTopicArn, this.topic.topicArn);
    if (progressToTopic) publisher.addEnvironment(Env.progressToTopic, 'true');
    deadLetters.queue.grantSendMessages(publisher);
    publisher.addEnvironment(Env.eventDeadLetterQueueUrl, deadLetters.queue.queueUrl);
    this.retries.grantSendMessages(publisher);
    publisher.addEnvironment(Env.eventRetryQueueUrl, this.retries.queueUrl);
    publisher.addEventSource(
      new SqsEventSource(this.retries, { batchSize: 10, reportBatchItemFailures: true }),
    );
    webhooks.grantRoute(publisher);
    jobsTable.grantWatch(publisher);
    publisher.addEventSource(
      new DynamoEventSource(jobsTable.table, {
        startingPosition: StartingPosition.TRIM_HORIZON,
        batchSize: 100,
        reportBatchItemFailures: true,
        bisectBatchOnError: true,
        // For the day that the stream keeps its records: an outage of SQS or Lambda loses no event.
        retryAttempts: 10_000,
        onFailure: new SqsDlq(deadLetters.queue),
        // Deletions are no events, so they do not invoke the function.
        filters: [FilterCriteria.filter({ eventName: FilterRule.or('INSERT', 'MODIFY') })],
      }),
    );
  }
}
