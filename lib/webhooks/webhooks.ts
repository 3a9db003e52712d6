/** Sends events to whoever has asked for them: a queue, the one function that calls out, and its signing key. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { Env } from '../../lambdas/shared/env.ts';
import { DEFAULT_RETRY_SECONDS } from '../../lambdas/webhooks/deliveries/retry-schedule.ts';
import { DeadLetterQueue } from '../defaults/dead-letter-queue.ts';
import { lambdaEntry } from '../defaults/lambda-entry.ts';
import { NodeFunction } from '../defaults/node-function.ts';
import type { Gateway } from '../endpoints/gateway.ts';
import { WebhookTables } from './webhook-tables.ts';

/** What an operator may choose of webhooks. */
export interface WebhookOptions {
  /**
   * Seconds between one attempt of a delivery and the next, each 1 to 604,800.
   * @default nine delays, and so ten attempts over three days, as Standard Webhooks recommends
   */
  readonly retrySeconds?: readonly number[];
  /**
   * How many batches of ten deliveries may be sent at once, 2 to 1,000: slow receivers take no more of the account's
   * functions than that.
   * @default 20
   */
  readonly maxConcurrency?: number;
  /** The ports that endpoints may have. @default 443 and 8443 */
  readonly ports?: readonly number[];
}

export interface WebhooksProps extends WebhookOptions {
  /** Links in webhooks lead to it. */
  readonly gateway: Gateway;
}

/** An attempt takes 15 s at most; before and after it there are reads and writes. */
const DELIVER_TIMEOUT = Duration.seconds(30);

export class Webhooks extends Construct {
  readonly queueArn: string;
  /** Send its messages back to the queue by naming it: they were put there, and SQS does not know where they belong. */
  readonly deadLettersArn: string;
  readonly #tables: WebhookTables;
  readonly #queue: Queue;
  readonly #signingSecret: Secret;
  readonly #sealingSecret: Secret;
  readonly #ports: readonly number[];

  constructor(scope: Construct, id: string, props: WebhooksProps) {
    super(scope, id);
    const { gateway, retrySeconds = DEFAULT_RETRY_SECONDS, maxConcurrency = 20, ports = [443, 8443] } = props;
    checkRetrySeconds(retrySeconds);
    this.#ports = ports;
    this.#tables = new WebhookTables(this, 'Tables');
    const deadLetters = new DeadLetterQueue(this, 'DeadLetters', {
      alarmDescription: 'Deliveries that every attempt has failed for, and messages that are none',
    });
    this.#queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // What a function has died with comes back after twice the time that it could have taken.
      visibilityTimeout: Duration.seconds(2 * DELIVER_TIMEOUT.toSeconds()),
      retentionPeriod: Duration.days(4),
      // Failures of receivers are no failures of the message: this many are for functions that die.
      deadLetterQueue: { queue: deadLetters.queue, maxReceiveCount: 10 },
    });
    this.queueArn = this.#queue.queueArn;
    this.deadLettersArn = deadLetters.queue.queueArn;
    // The key pair is derived from the text, so that the text is all there is to keep.
    this.#signingSecret = new Secret(this, 'SigningSecret', {
      description: 'The ed25519 key that signs webhooks is made from this',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
    });

    // Another than the signing secret, which may be replaced any day: what is sealed has to open for as long as it is kept.
    this.#sealingSecret = new Secret(this, 'SealingSecret', {
      description: 'The secrets of endpoints are sealed in their table with a key made from this',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      // As the table: one without the other is worth nothing.
      removalPolicy: RemovalPolicy.RETAIN,
    });

    const deliver = new NodeFunction(this, 'Deliver', {
      description: 'Calls the endpoints that are to be told of jobs',
      entry: lambdaEntry('webhooks/sending/deliver.lambda'),
      timeout: DELIVER_TIMEOUT,
    });
    deliver.addEnvironment(Env.apiUrl, gateway.url);
    deliver.addEnvironment(Env.retrySeconds, retrySeconds.join(','));
    // Names are resolved in Node's thread pool, where four slow name servers would hold up everybody's.
    deliver.addEnvironment('UV_THREADPOOL_SIZE', '32');
    this.#tables.grantEndpoints(deliver, 'GetItem', 'UpdateItem');
    this.#tables.grantDeliveries(deliver, 'GetItem', 'UpdateItem');
    this.#grantSend(deliver);
    this.grantSigningKeys(deliver);
    this.#grantSeal(deliver);
    this.grantAddressPolicy(deliver);
    deadLetters.queue.grantSendMessages(deliver);
    deliver.addEnvironment(Env.deliveryDeadLetterQueueUrl, deadLetters.queue.queueUrl);
    deliver.addEventSource(
      new SqsEventSource(this.#queue, { batchSize: 10, reportBatchItemFailures: true, maxConcurrency }),
    );

    const enqueueDue = new NodeFunction(this, 'QueueWaiting', {
      description: 'Queues deliveries whose next attempt is near',
      entry: lambdaEntry('webhooks/deliveries/enqueue-due.lambda'),
      timeout: Duration.minutes(4),
    });
    this.#tables.grantDeliveries(enqueueDue, 'BatchGetItem', 'UpdateItem');
    this.#tables.grantWaiting(enqueueDue);
    this.#grantSend(enqueueDue);
    new Rule(this, 'EveryFiveMinutes', {
      description: 'Looks fifteen minutes ahead, which is as far as a queue delays',
      schedule: Schedule.rate(Duration.minutes(5)),
      targets: [new LambdaTarget(enqueueDue)],
    });
  }

  /** To find who is to be told of an event, and to hand it over for delivery. */
  grantRoute(fn: LambdaFunction): void {
    this.#tables.grantEndpoints(fn, 'Query');
    this.#tables.grantDeliveries(fn, 'PutItem');
    this.#grantSend(fn);
  }

  /** To register, change and delete endpoints, to read deliveries and to replay them. */
  grantManage(fn: LambdaFunction): void {
    this.#tables.grantEndpoints(fn, 'Query', 'GetItem', 'PutItem', 'UpdateItem', 'DeleteItem');
    this.#tables.grantDeliveries(fn, 'Query', 'GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem');
    this.#tables.grantListOfEndpoint(fn);
    this.#grantSend(fn);
    this.#grantSeal(fn);
    this.grantAddressPolicy(fn);
  }

  /** To subscribe, poll and unsubscribe on an MCP client's behalf, and to read deliveries. */
  grantSubscribe(fn: LambdaFunction): void {
    this.#tables.grantEndpoints(fn, 'Query', 'GetItem', 'PutItem', 'UpdateItem', 'DeleteItem');
    this.#tables.grantDeliveries(fn, 'Query', 'BatchGetItem');
    this.#tables.grantListOfEndpoint(fn);
    this.#grantSend(fn);
    this.#grantSeal(fn);
    this.grantAddressPolicy(fn);
  }

  /** To sign, or to publish the public keys. */
  grantSigningKeys(fn: LambdaFunction): void {
    this.#signingSecret.grantRead(fn);
    fn.addEnvironment(Env.signingSecretArn, this.#signingSecret.secretArn);
  }

  /** To know which addresses may be called. */
  grantAddressPolicy(fn: LambdaFunction): void {
    fn.addEnvironment(Env.webhookPorts, this.#ports.join(','));
  }

  /** To seal the secrets of endpoints, and to open them. */
  #grantSeal(fn: LambdaFunction): void {
    this.#sealingSecret.grantRead(fn);
    fn.addEnvironment(Env.sealingSecretArn, this.#sealingSecret.secretArn);
  }

  #grantSend(fn: LambdaFunction): void {
    this.#queue.grantSendMessages(fn);
    fn.addEnvironment(Env.deliveryQueueUrl, this.#queue.queueUrl);
  }
}

const WEEK_SECONDS = 7 * 24 * 60 * 60;

/** @throws Error naming the value that no delivery can wait for */
function checkRetrySeconds(retrySeconds: readonly number[]): void {
  const wrong = retrySeconds.find(
    (seconds) => !Number.isInteger(seconds) || seconds < 1 || seconds > WEEK_SECONDS,
  );
  if (wrong === undefined && retrySeconds.length > 0) return;
  throw new Error(
    `webhooks.retrySeconds is [${retrySeconds}]: give one delay or more, each a whole number from 1 to ${WEEK_SECONDS}.`,
  );
}
