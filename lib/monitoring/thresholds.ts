/** Defines the thresholds of the alarms, and their defaults for a quiet and for a busy deployment. */

/**
 * When alarms go off. Counts are sums of five minutes, unless they say otherwise.
 * @example
 * ```ts
 * new AsyncOperations(stack, 'Operations', { operations, monitoring: { thresholds: { apiSlowMs: 1_500 } } });
 * ```
 */
export interface AlarmThresholds {
  /** `api-errors`: per cent of requests that fail by a fault of the service. @default 5 */
  readonly apiErrorPercent: number;
  /** `api-slow`: 99th percentile of the time of a request that does not wait, in milliseconds. @default 3,000 */
  readonly apiSlowMs: number;
  /** `api-errors` and `api-slow` need this many requests in five minutes, so that one failure of two does not set them off. @default 20 */
  readonly minimumRequests: number;
  /** `authorizer-errors`: errors of the function that verifies access tokens. @default 3 */
  readonly authorizerErrors: number;
  /** `function-errors`: crashes and timeouts of the engine's functions. @default 3 */
  readonly functionErrors: number;
  /** `function-throttles`: invocations of the engine's functions that Lambda throttled. @default 10 */
  readonly functionThrottles: number;
  /**
   * `concurrency-near-limit`: concurrent executions of Lambda in the region of the account, with reservations. CloudWatch does
   * not know the account's quota, so give four fifths of it.
   * @default 800, four fifths of Lambda's default quota
   */
  readonly concurrentExecutions: number;
  /** `events-behind` and `resumer-behind`: age of the last record read from the jobs table's stream, in seconds. @default 60 */
  readonly streamAgeSeconds: number;
  /**
   * `deliveries-old`: age of the oldest message in the queue of deliveries, in seconds. SQS delays retries by up to 900 s.
   * @default 1,800
   */
  readonly deliveriesAgeSeconds: number;
  /** `starts-old`: age of the oldest message in the queue of starts and stops, in seconds. @default 300 */
  readonly startsAgeSeconds: number;
  /** `event-retries-old`: age of the oldest event that waits for its next publication, in seconds. @default 300 */
  readonly eventRetriesAgeSeconds: number;
  /** `executions-failed`: jobs whose execution crashed, was stopped or was not started. @default 3 */
  readonly executionFailures: number;
  /** `executions-throttled`: starts and state transitions that Step Functions throttled. @default 10 */
  readonly throttledExecutions: number;
  /** `tables-throttled`: reads and writes that DynamoDB throttled. @default 10 */
  readonly tableThrottles: number;
  /** `jobs-failing`: per cent of the jobs that ended within fifteen minutes, without cancelled ones. @default 50 */
  readonly jobsFailedPercent: number;
  /** `jobs-failing` needs this many ended jobs in fifteen minutes. @default 20 */
  readonly minimumEndedJobs: number;
  /** `jobs-overdue`: open jobs that are older than the longest run of their operation. @default 1 */
  readonly overdueJobs: number;
  /** `sweep-findings`: jobs that a sweep had to start, continue or end. @default 1 */
  readonly sweepFindings: number;
  /** `webhooks-failing`: per cent of the attempts that endpoints accept. @default 50 */
  readonly webhookSuccessPercent: number;
  /** `webhooks-failing` needs this many attempts in fifteen minutes. @default 50 */
  readonly minimumAttempts: number;
  /** `webhooks-waiting`: time since a delivery's next attempt was due, in seconds. @default 600 */
  readonly waitingDeliverySeconds: number;
}

export const DEFAULT_THRESHOLDS: AlarmThresholds = {
  apiErrorPercent: 5,
  apiSlowMs: 3_000,
  minimumRequests: 20,
  authorizerErrors: 3,
  functionErrors: 3,
  functionThrottles: 10,
  concurrentExecutions: 800,
  streamAgeSeconds: 60,
  deliveriesAgeSeconds: 1_800,
  startsAgeSeconds: 300,
  eventRetriesAgeSeconds: 300,
  executionFailures: 3,
  throttledExecutions: 10,
  tableThrottles: 10,
  jobsFailedPercent: 50,
  minimumEndedJobs: 20,
  overdueJobs: 1,
  sweepFindings: 1,
  webhookSuccessPercent: 50,
  minimumAttempts: 50,
  waitingDeliverySeconds: 600,
};

/** @returns the given thresholds and the defaults of the others. @throws Error naming the threshold, its value and the remedy */
export function completeThresholds(given: Partial<AlarmThresholds> = {}): AlarmThresholds {
  const defined = Object.entries(given).filter(([, value]) => value !== undefined);
  for (const [name, value] of defined) {
    if (!Object.hasOwn(DEFAULT_THRESHOLDS, name)) {
      throw new Error(
        `monitoring.thresholds contains "${name}": use ${Object.keys(DEFAULT_THRESHOLDS).join(', ')}.`,
      );
    }
    if (!(Number.isFinite(value) && value > 0)) {
      throw new Error(`monitoring.thresholds.${name} is ${value}: give a number above 0.`);
    }
    if (name.endsWith('Percent') && value > 100) {
      throw new Error(`monitoring.thresholds.${name} is ${value}: give at most 100.`);
    }
  }
  return { ...DEFAULT_THRESHOLDS, ...Object.fromEntries(defined) };
}
