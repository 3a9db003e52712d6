/** Lists the alarms: what each watches, when it goes off, and what it says. Each has a runbook, `docs/runbooks/<id>.md`. */
import { Duration } from 'aws-cdk-lib';
import type { MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import { ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { DeadLetterQueue } from '../defaults/dead-letter-queue.ts';
import {
  accountConcurrency,
  FIVE_MINUTES,
  math,
  ruleFailures,
  serviceMetric,
  sums,
  sumsWithHeartbeat,
  tableThrottles,
  throttledTransitions,
} from './metrics.ts';
import type { Monitored } from './monitored.ts';
import type { AlarmThresholds } from './thresholds.ts';

/** When an alarm goes off, and what it says. */
export interface AlarmEntry {
  /** In kebab case. The alarm is `<deployment>-<id>`, its runbook `docs/runbooks/<id>.md`. */
  readonly id: string;
  /** What is wrong, in one sentence. The URL of the runbook follows it in the alarm's description. */
  readonly says: string;
  readonly threshold: number;
  /** @default ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD */
  readonly comparison?: ComparisonOperator;
  /** How many of the last data points must breach the threshold. @default one of one */
  readonly datapoints?: Datapoints;
  /** @default TreatMissingData.NOT_BREACHING: what counts errors has no data without any */
  readonly missing?: TreatMissingData;
}

interface Datapoints {
  readonly breaching: number;
  readonly of: number;
}

/** One entry of the list. */
export interface ListedAlarm extends Omit<AlarmEntry, 'threshold'> {
  /** @default 1 */
  readonly threshold?: (thresholds: AlarmThresholds) => number;
  /** More than one metric makes alarms `<id>`, `<id>-2` …, and none makes no alarm. */
  readonly metrics: (monitored: Monitored, thresholds: AlarmThresholds) => readonly IMetric[];
}

/** So that one bad moment, such as a deploy, sets off no alarm: ten of the last fifteen minutes. */
const TWO_OF_THREE: Datapoints = { breaching: 2, of: 3 };
/** For metrics of each minute. */
const MINUTES = { period: Duration.minutes(1), datapoints: { breaching: 3, of: 5 } };
const SUM: MetricOptions = { statistic: 'Sum', period: FIVE_MINUTES };
const QUARTER_HOUR = Duration.minutes(15);
const QUEUE_AGE: MetricOptions = { statistic: 'Maximum', period: MINUTES.period };

/** All alarms that every deployment may have. Those of options are with their options. */
export const alarms = [
  {
    id: 'api-errors',
    says: 'Too many requests to the API fail by a fault of the service.',
    // JSON-RPC reports errors with status 200, which only the function counts.
    metrics: ({ api, service }, { minimumRequests }) => [
      math(`IF(requests >= ${minimumRequests}, 100 * MAX([failed, errors]) / requests, 0)`, {
        requests: api.metricCount(SUM),
        failed: api.metricServerError(SUM),
        errors: serviceMetric(service, 'RequestErrors', 'Sum'),
      }),
    ],
    threshold: ({ apiErrorPercent }) => apiErrorPercent,
    datapoints: TWO_OF_THREE,
  },
  {
    id: 'api-slow',
    says: 'One of a hundred requests to the API takes too long.',
    metrics: ({ service }, { minimumRequests }) => [
      math(`IF(requests >= ${minimumRequests}, slowest, 0)`, {
        requests: serviceMetric(service, 'RequestTime', 'SampleCount'),
        slowest: serviceMetric(service, 'RequestTime', 'p99'),
      }),
    ],
    threshold: ({ apiSlowMs }) => apiSlowMs,
    datapoints: TWO_OF_THREE,
  },
  {
    id: 'authorizer-errors',
    says: 'The function that verifies access tokens fails, so callers get 503.',
    // API Gateway wants an error of the function for a refused token too, and clients refresh expired ones all day.
    metrics: ({ authorizer, service }) =>
      authorizer
        ? [
            math('errors - refused', {
              errors: authorizer.metricErrors(SUM),
              refused: serviceMetric(service, 'TokensRefused', 'Sum'),
            }),
          ]
        : [],
    threshold: ({ authorizerErrors }) => authorizerErrors,
    datapoints: TWO_OF_THREE,
  },
  {
    id: 'function-errors',
    says: 'Functions of the engine crash or time out.',
    metrics: ({ functions, authorizer }) =>
      sums(functions.filter((fn) => fn !== authorizer).map((fn) => fn.metricErrors(SUM))),
    threshold: ({ functionErrors }) => functionErrors,
    datapoints: TWO_OF_THREE,
  },
  {
    id: 'function-throttles',
    says: 'Lambda throttles functions of the engine, so that requests fail and events arrive late.',
    metrics: ({ functions }) => sums(functions.map((fn) => fn.metricThrottles(SUM))),
    threshold: ({ functionThrottles }) => functionThrottles,
    datapoints: TWO_OF_THREE,
  },
  {
    id: 'concurrency-near-limit',
    says: 'The account uses nearly all of its concurrent executions of Lambda, and then steps and requests are throttled.',
    // Of the region: the limit is one of the account. A step that Lambda throttles shows here too.
    metrics: () => [accountConcurrency(MINUTES.period)],
    threshold: ({ concurrentExecutions }) => concurrentExecutions,
    datapoints: MINUTES.datapoints,
  },
  {
    id: 'events-behind',
    says: 'Events of jobs are published late: the publisher does not keep up with the jobs table.',
    metrics: ({ publisher }) => [
      publisher.metric('IteratorAge', { statistic: 'Maximum', period: MINUTES.period }),
    ],
    threshold: ({ streamAgeSeconds }) => streamAgeSeconds * 1_000,
    datapoints: MINUTES.datapoints,
  },
  {
    id: 'events-stopped',
    says: 'Jobs start without events: the publisher does not read the jobs table.',
    // A mapping that is disabled, or whose function is throttled, has no IteratorAge. The publisher counts created jobs.
    metrics: ({ service }) => [
      math('IF(FILL(accepted, 0) >= 1 AND FILL(created, 0) == 0, 1, 0)', {
        accepted: serviceMetric(service, 'StartsAccepted', 'Sum'),
        created: serviceMetric(service, 'JobsCreated', 'Sum'),
      }),
    ],
    datapoints: TWO_OF_THREE,
  },
  {
    id: 'resumer-behind',
    says: 'Jobs resume late after their answers: the resumer does not keep up with the jobs table.',
    metrics: ({ resumer }) => [
      resumer.metric('IteratorAge', { statistic: 'Maximum', period: MINUTES.period }),
    ],
    threshold: ({ streamAgeSeconds }) => streamAgeSeconds * 1_000,
    datapoints: MINUTES.datapoints,
  },
  {
    id: 'deliveries-old',
    says: 'Webhook deliveries wait too long in their queue.',
    metrics: ({ deliveries }) => [deliveries.metricApproximateAgeOfOldestMessage(QUEUE_AGE)],
    threshold: ({ deliveriesAgeSeconds }) => deliveriesAgeSeconds,
    datapoints: MINUTES.datapoints,
  },
  {
    id: 'starts-old',
    says: 'Executions that Step Functions throttled wait too long for their next start or stop.',
    // SQS leaves out messages that were received more than three times, which is after nine minutes in this queue.
    metrics: ({ starts }) => [starts.metricApproximateAgeOfOldestMessage(QUEUE_AGE)],
    threshold: ({ startsAgeSeconds }) => startsAgeSeconds,
    datapoints: { breaching: 2, of: 3 },
  },
  {
    id: 'event-retries-old',
    says: 'Events that could not be published wait too long for their next attempt.',
    // SQS leaves out messages that were received more than three times, which is after nine minutes in this queue.
    metrics: ({ eventRetries }) => [eventRetries.metricApproximateAgeOfOldestMessage(QUEUE_AGE)],
    threshold: ({ eventRetriesAgeSeconds }) => eventRetriesAgeSeconds,
    datapoints: { breaching: 2, of: 3 },
  },
  {
    id: 'executions-failed',
    says: 'Jobs fail because their execution crashed, was stopped or could not be started.',
    // Not ExecutionsFailed of Step Functions: it counts jobs whose step reported a failure too, such as a build with an error.
    metrics: ({ service }) => [serviceMetric(service, 'ExecutionFailures', 'Sum')],
    threshold: ({ executionFailures }) => executionFailures,
  },
  {
    id: 'executions-throttled',
    says: 'Step Functions throttles starts or state transitions, so that jobs begin and run late.',
    // The second is of the account in the region, as is its quota.
    metrics: ({ service }) => [
      math('starts + transitions', {
        starts: serviceMetric(service, 'StartsQueued', 'Sum'),
        transitions: throttledTransitions(),
      }),
    ],
    threshold: ({ throttledExecutions }) => throttledExecutions,
    datapoints: TWO_OF_THREE,
  },
  {
    id: 'tables-throttled',
    says: 'DynamoDB throttles reads or writes of a table.',
    metrics: ({ tables, service }) =>
      sumsWithHeartbeat(
        tables.flatMap((one) => tableThrottles(one)),
        serviceMetric(service, 'Sweeps', 'Sum'),
      ),
    threshold: ({ tableThrottles }) => tableThrottles,
    datapoints: TWO_OF_THREE,
  },
  {
    id: 'rules-failing',
    says: 'EventBridge could not invoke a function, so an event or a scheduled run is lost.',
    metrics: ({ rules }) => sums(rules.map(({ ruleName }) => ruleFailures(ruleName))),
  },
  {
    id: 'topic-failing',
    says: 'The events topic could not deliver a message to one of its subscribers.',
    metrics: ({ topic }) => [topic.metricNumberOfNotificationsFailed(SUM)],
  },
  {
    id: 'dead-letters-answers',
    says: 'Answers were saved, but their job did not resume.',
    metrics: ({ deadLetters }) => messagesOf(deadLetters, 'answers'),
  },
  {
    id: 'dead-letters-deliveries',
    says: 'Webhook deliveries failed in all their attempts, or their messages are invalid.',
    metrics: ({ deadLetters }) => messagesOf(deadLetters, 'deliveries'),
  },
  {
    id: 'dead-letters-events',
    says: 'Events of jobs were not published.',
    metrics: ({ deadLetters }) => messagesOf(deadLetters, 'events'),
  },
  {
    id: 'dead-letters-executions',
    says: 'Executions could not be started or stopped for half an hour.',
    metrics: ({ deadLetters }) => messagesOf(deadLetters, 'executions'),
  },
  {
    id: 'jobs-failing',
    says: 'Too many of the jobs that end fail.',
    // Filled, since CloudWatch replaces missing data points by older ones: without them, the alarm would stay for an hour.
    metrics: ({ service }, { minimumEndedJobs }) => [
      math(
        `IF(FILL(failed, 0) + FILL(completed, 0) >= ${minimumEndedJobs}, 100 * FILL(failed, 0) / (failed + completed), 0)`,
        {
          failed: serviceMetric(service, 'JobsFailed', 'Sum', QUARTER_HOUR),
          completed: serviceMetric(service, 'JobsCompleted', 'Sum', QUARTER_HOUR),
        },
        QUARTER_HOUR,
      ),
    ],
    threshold: ({ jobsFailedPercent }) => jobsFailedPercent,
    datapoints: TWO_OF_THREE,
  },
  {
    id: 'jobs-overdue',
    says: 'Jobs are open for longer than the longest run of their operation.',
    metrics: ({ service }) => [serviceMetric(service, 'OverdueJobs', 'Maximum')],
    threshold: ({ overdueJobs }) => overdueJobs,
    datapoints: TWO_OF_THREE,
  },
  {
    id: 'sweep-findings',
    says: 'A sweep had to start, continue or end jobs whose event was lost.',
    metrics: ({ service }) => [serviceMetric(service, 'SweepFindings', 'Sum')],
    threshold: ({ sweepFindings }) => sweepFindings,
  },
  {
    id: 'sweep-stopped',
    says: 'No sweep has ended for ten minutes, so that jobs with a lost event stay open.',
    // Lambda asks the queue for messages all the time, so the queue has data, and then missing sweeps count as 0. In a new
    // deployment, sweeps begin before SQS sends its first data.
    metrics: ({ deliveries, service }) => [
      math('sweeps + 0 * waiting', {
        sweeps: serviceMetric(service, 'Sweeps', 'Sum'),
        waiting: deliveries.metricApproximateNumberOfMessagesVisible({ period: FIVE_MINUTES }),
      }),
    ],
    comparison: ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD,
    threshold: () => 0,
    datapoints: TWO_OF_THREE,
    missing: TreatMissingData.IGNORE,
  },
  {
    id: 'webhooks-failing',
    says: 'Endpoints do not accept most of the attempts to deliver webhooks.',
    // Filled, as jobs-failing.
    metrics: ({ service }, { minimumAttempts }) => [
      math(
        `IF(FILL(attempts, 0) >= ${minimumAttempts}, 100 * FILL(successes, 0) / attempts, 100)`,
        {
          attempts: serviceMetric(service, 'WebhookAttempts', 'Sum', QUARTER_HOUR),
          successes: serviceMetric(service, 'WebhookSuccesses', 'Sum', QUARTER_HOUR),
        },
        QUARTER_HOUR,
      ),
    ],
    comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
    threshold: ({ webhookSuccessPercent }) => webhookSuccessPercent,
    datapoints: TWO_OF_THREE,
  },
  {
    id: 'webhooks-waiting',
    says: 'The next attempt of a webhook delivery is overdue, or the function that queues it does not run.',
    // Each run writes a value, also 0. No run counts as one at the threshold, and before the first run there is no data.
    metrics: ({ service }, { waitingDeliverySeconds }) => [
      math(`FILL(oldest, ${waitingDeliverySeconds}) * FILL(runs, REPEAT) / FILL(runs, REPEAT)`, {
        oldest: serviceMetric(service, 'OldestWaitingDelivery', 'Maximum'),
        runs: serviceMetric(service, 'OldestWaitingDelivery', 'SampleCount'),
      }),
    ],
    threshold: ({ waitingDeliverySeconds }) => waitingDeliverySeconds,
    // Five minutes can have two runs, and the next five none.
    datapoints: { breaching: 3, of: 3 },
    missing: TreatMissingData.IGNORE,
  },
] as const satisfies readonly ListedAlarm[];

function messagesOf(queues: readonly DeadLetterQueue[], name: DeadLetterQueue['name']): readonly IMetric[] {
  return queues
    .filter((one) => one.name === name)
    .map(({ queue }) => queue.metricApproximateNumberOfMessagesVisible({ period: FIVE_MINUTES }));
}
