/** Creates webhook delivery: the queue, the function that sends requests, and the signing key. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { type Function as LambdaFunction, RecursiveLoop } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { Env } from '../../lambdas/shared/env.ts';
import { DEFAULT_RETRY_SECONDS } from '../../lambdas/webhooks/deliveries/retry-schedule.ts';
import { CompactRole } from '../defaults/compact-role.ts';
import { DeadLetterQueue } from '../defaults/dead-letter-queue.ts';
import { lambdaEntry } from '../defaults/lambda-entry.ts';
import { NodeFunction } from '../defaults/node-function.ts';
import type { Gateway } from '../endpoints/gateway.ts';
import type { SlotsTable } from '../jobs/slots-table.ts';
import { WebhookTables } from './webhook-tables.ts';

/**
 * Options of webhook delivery.
 * @example
 * ```ts
 * new AsyncOperations(stack, 'Operations', { operations, webhooks: { retrySeconds: [5, 60, 3_600], ports: [443] } });
 * ```
 */
export interface WebhookOptions {
  /**
   * Seconds between the attempts of a delivery, each from 1 to 604,800. One delay more means one attempt more.
   * @default nine delays: ten attempts over three days, as Standard Webhooks recommends
   */
  readonly retrySeconds?: readonly number[];
  /**
   * Maximum concurrent batches of ten deliveries, from 2 to 1,000. It limits how much of the account's concurrency slow
   * receivers use. One owner gets a fifth of it, at least one batch.
   * @default 20
   */
  readonly maxConcurrency?: number;
  /** Allowed ports of endpoint URLs. @default 443 and 8443 */
  readonly ports?: readonly number[];
}

export interface WebhooksProps extends WebhookOptions {
  /** Webhooks contain links to its API. */
  readonly gateway: Gateway;
  /** Limit the deliveries of an owner. */
  readonly slots: SlotsTable;
}

/** The share of one owner: five owners with slow receivers may be served at once before others wait. */
const OWNERS = 5;
/** An attempt takes at most 15 s. Reads and writes precede and follow it. */
const DELIVER_TIMEOUT = Duration.seconds(30);

/** Webhook delivery: tables, queue, secrets and functions. */
export class Webhooks extends Construct {
  /** Requests for attempts of deliveries. */
  readonly queue: Queue;
  /** When you redrive its messages, name the delivery queue: a function sent them, so SQS does not know their source. */
  readonly deadLettersArn: string;
  readonly #tables: WebhookTables;
  readonly #signingSecret: Secret;
  readonly #sealingSecret: Secret;
  readonly #ports: readonly number[];

  constructor(scope: Construct, id: string, props: WebhooksProps) {
    super(scope, id);
    const {
      gateway,
      slots,
      retrySeconds = DEFAULT_RETRY_SECONDS,
      maxConcurrency = 20,
      ports = [443, 8443],
    } = props;
    checkRetrySeconds(retrySeconds);
    this.#ports = ports;
    this.#tables = new WebhookTables(this, 'Tables');
    const deadLetters = new DeadLetterQueue(this, 'DeadLetters', { name: 'deliveries' });
    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // AWS recommends six times the function's timeout: Lambda itself retries when it throttles the function.
      visibilityTimeout: Duration.seconds(6 * DELIVER_TIMEOUT.toSeconds()),
      retentionPeriod: Duration.days(4),
      // Failures of receivers do not count here: these receives are for functions that crash.
      deadLetterQueue: { queue: deadLetters.queue, maxReceiveCount: 10 },
    });
    this.deadLettersArn = deadLetters.queue.queueArn;
    // The key pair is derived from this text, so only the text is stored.
    this.#signingSecret = new Secret(this, 'SigningSecret', {
      description: 'The ed25519 key that signs webhooks is derived from this text',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
    });

    // Not the signing secret, which may be rotated at any time: sealed secrets must stay readable while they are stored.
    this.#sealingSecret = new Secret(this, 'SealingSecret', {
      description: 'The key that seals the secrets of endpoints is derived from this text',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      // Retained like the table: neither is useful without the other.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });

    const deliver = new NodeFunction(this, 'Deliver', {
      description: 'Delivers events of jobs to webhook endpoints',
      entry: lambdaEntry('webhooks/sending/deliver.lambda'),
      role: new CompactRole(this, 'DeliverRole', 'lambda.amazonaws.com'),
      timeout: DELIVER_TIMEOUT,
      // A delivery queues its next attempt, and an owner's message waits in the queue while the owner's slots are taken. Lambda
      // would stop a chain of some 16. `retrySeconds` ends every chain.
      recursiveLoop: RecursiveLoop.ALLOW,
    });
    slots.grantTake(deliver);
    deliver.addEnvironment(Env.deliverySlots, String(Math.max(1, Math.floor(maxConcurrency / OWNERS))));
    deliver.addEnvironment(Env.apiUrl, gateway.url);
    deliver.addEnvironment(Env.retrySeconds, retrySeconds.join(','));
    // Node resolves names in its thread pool, which four slow name servers would block for all deliveries.
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
      new SqsEventSource(this.queue, { batchSize: 10, reportBatchItemFailures: true, maxConcurrency }),
    );

    const enqueueDue = new NodeFunction(this, 'QueueWaiting', {
      description: 'Queues deliveries whose next attempt is due soon',
      entry: lambdaEntry('webhooks/deliveries/enqueue-due.lambda'),
      role: new CompactRole(this, 'QueueWaitingRole', 'lambda.amazonaws.com'),
      timeout: Duration.minutes(4),
    });
    this.#tables.grantDeliveries(enqueueDue, 'BatchGetItem', 'UpdateItem');
    this.#tables.grantWaiting(enqueueDue);
    this.#grantSend(enqueueDue);
    new Rule(this, 'EveryFiveMinutes', {
      description: 'Queues attempts due in the next fifteen minutes, the longest delay of SQS',
      schedule: Schedule.rate(Duration.minutes(5)),
      targets: [new LambdaTarget(enqueueDue)],
    });
  }

  /** Allows a function to find the subscribers of an event and to queue deliveries. */
  grantRoute(fn: LambdaFunction): void {
    this.#tables.grantEndpoints(fn, 'Query');
    this.#tables.grantDeliveries(fn, 'PutItem');
    this.#grantSend(fn);
  }

  /** Allows a function to register, change and delete endpoints, and to read and replay deliveries. */
  grantManage(fn: LambdaFunction): void {
    this.#tables.grantEndpoints(fn, 'Query', 'GetItem', 'PutItem', 'UpdateItem', 'DeleteItem');
    this.#tables.grantDeliveries(fn, 'Query', 'GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem');
    this.#tables.grantListOfEndpoint(fn);
    this.#grantSend(fn);
    this.#grantSeal(fn);
    this.grantAddressPolicy(fn);
  }

  /** Allows a function to read and replay the deliveries of all owners. */
  grantOperate(fn: LambdaFunction): void {
    this.#tables.grantEndpoints(fn, 'GetItem');
    this.#tables.grantDeliveries(fn, 'GetItem', 'UpdateItem');
    this.#grantSend(fn);
  }

  /** Allows a function to subscribe, poll and unsubscribe for an MCP client, and to read deliveries. */
  grantSubscribe(fn: LambdaFunction): void {
    this.#tables.grantEndpoints(fn, 'Query', 'GetItem', 'PutItem', 'UpdateItem', 'DeleteItem');
    this.#tables.grantDeliveries(fn, 'Query', 'BatchGetItem');
    this.#tables.grantListOfEndpoint(fn);
    this.#grantSend(fn);
    this.#grantSeal(fn);
    this.grantAddressPolicy(fn);
  }

  /** Allows a function to sign, or to publish the public keys. */
  grantSigningKeys(fn: LambdaFunction): void {
    this.#signingSecret.grantRead(fn);
    fn.addEnvironment(Env.signingSecretArn, this.#signingSecret.secretArn);
  }

  /** Sets which addresses a function may call. */
  grantAddressPolicy(fn: LambdaFunction): void {
    fn.addEnvironment(Env.webhookPorts, this.#ports.join(','));
  }

  /** Allows a function to seal and open the secrets of endpoints. */
  #grantSeal(fn: LambdaFunction): void {
    this.#sealingSecret.grantRead(fn);
    fn.addEnvironment(Env.sealingSecretArn, this.#sealingSecret.secretArn);
  }

  #grantSend(fn: LambdaFunction): void {
    this.queue.grantSendMessages(fn);
    fn.addEnvironment(Env.deliveryQueueUrl, this.queue.queueUrl);
  }
}

const WEEK_SECONDS = 7 * 24 * 60 * 60;

/** @throws Error naming the value and the remedy */
function checkRetrySeconds(retrySeconds: readonly number[]): void {
  const invalid = retrySeconds.find(
    (seconds) => !Number.isInteger(seconds) || seconds < 1 || seconds > WEEK_SECONDS,
  );
  if (invalid === undefined && retrySeconds.length > 0) return;
  throw new Error(
    `webhooks.retrySeconds is [${retrySeconds}]: give one delay or more, each a whole number from 1 to ${WEEK_SECONDS}.`,
  );
}
