/** Creates a dead-letter queue that keeps messages for two weeks, with an alarm on the first message. */
import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

export interface DeadLetterQueueProps {
  /** Names the queue for operators: what its messages are. */
  readonly name: 'answers' | 'deliveries' | 'events' | 'executions';
  /** Tells the operator what the messages are and what to do. */
  readonly alarmDescription: string;
}

/** A dead-letter queue and its alarm. */
export class DeadLetterQueue extends Construct {
  readonly queue: Queue;
  /** For operators: what its messages are. */
  readonly name: string;

  constructor(scope: Construct, id: string, { name, alarmDescription }: DeadLetterQueueProps) {
    super(scope, id);
    this.name = name;
    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    new Alarm(this, 'Alarm', {
      alarmDescription,
      metric: this.queue.metricApproximateNumberOfMessagesVisible(),
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}
