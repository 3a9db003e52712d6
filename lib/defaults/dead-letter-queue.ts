/** Creates a dead-letter queue that keeps messages for two weeks. `lib/monitoring/alarms.ts` watches it. */
import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

export interface DeadLetterQueueProps {
  /** Names the queue for operators: what its messages are. */
  readonly name: 'answers' | 'deliveries' | 'events' | 'executions';
}

/** A dead-letter queue. Its alarm is `dead-letters-<name>`. */
export class DeadLetterQueue extends Construct {
  readonly queue: Queue;
  /** For operators: what its messages are. */
  readonly name: DeadLetterQueueProps['name'];

  constructor(scope: Construct, id: string, { name }: DeadLetterQueueProps) {
    super(scope, id);
    this.name = name;
    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
  }
}
