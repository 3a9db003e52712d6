/** Lists the metrics of the service: for the functions that write them, the alarms, the dashboard and docs/reference/metrics.md. */

/** The namespace of the metrics in CloudWatch. */
export const METRIC_NAMESPACE = 'McpAsyncOperations';

/** Dimensions of the metrics. No dimension has a value from a caller. */
export const Dimension = {
  /** The deployment: the name of the stack, or of the construct in it. All metrics have it. */
  service: 'service',
  /** An operation of the deployed catalogue. */
  operation: 'operation',
} as const;

/** A function of the engine that writes metrics. */
export type MetricSource =
  | 'api'
  | 'authorizer'
  | 'canary'
  | 'deliver'
  | 'enqueue-due'
  | 'events'
  | 'mcp'
  | 'reconcile';

/** Describes one metric. */
export interface MetricDefinition {
  /** `None` for US dollars. */
  readonly unit: 'Count' | 'Milliseconds' | 'Seconds' | 'None';
  /**
   * Whether CloudWatch has the metric by operation too. All metrics are there for the deployment. The log line of any metric has
   * the operation where it is known, so that Logs Insights can group by it.
   */
  readonly byOperation: boolean;
  /** The statistic that says most. */
  readonly statistic: 'Average' | 'Maximum' | 'Sum';
  /** The functions that write it. */
  readonly sources: readonly MetricSource[];
  /** What it counts or measures, as one or two sentences. */
  readonly meaning: string;
}

const ofJob = { unit: 'Count', statistic: 'Sum', byOperation: true, sources: ['events'] } as const;
const ofRequest = { unit: 'Count', statistic: 'Sum', byOperation: false, sources: ['mcp', 'api'] } as const;
const ofMcp = { ...ofRequest, sources: ['mcp'] } as const;
const ofSweep = { unit: 'Count', statistic: 'Sum', byOperation: false, sources: ['reconcile'] } as const;
const ofDelivery = { unit: 'Count', statistic: 'Sum', byOperation: false, sources: ['deliver'] } as const;
const ofCanary = { unit: 'Count', statistic: 'Sum', byOperation: false, sources: ['canary'] } as const;
const ms = { unit: 'Milliseconds', statistic: 'Average' } as const;
const seconds = { unit: 'Seconds', statistic: 'Maximum' } as const;
/** Each value is the state of that moment. */
const gauge = { statistic: 'Maximum' } as const;

/** All metrics by name. */
export const metricDefinitions = {
  JobsCreated: { ...ofJob, meaning: 'Jobs that were created.' },
  JobsRetried: { ...ofJob, meaning: 'Created jobs that retry an earlier job.' },
  JobsStarted: { ...ofJob, meaning: 'Jobs whose first step began.' },
  JobsCompleted: { ...ofJob, meaning: 'Jobs that completed.' },
  JobsFailed: {
    ...ofJob,
    meaning: 'Jobs that failed. `codes` in the log line has the error code of each.',
  },
  ExecutionFailures: {
    ...ofJob,
    meaning:
      'Failed jobs with the code `STEP_CRASHED`, `EXECUTION_STOPPED` or `START_FAILED`, because no step reported the failure. Sandboxes that crash do not count; those that never report do.',
  },
  JobsCancelled: { ...ofJob, meaning: 'Jobs that were cancelled.' },
  QueuedTime: { ...ofJob, ...ms, meaning: 'From the creation of a job to the start of its first step.' },
  JobDuration: {
    ...ofJob,
    ...ms,
    meaning: 'From the creation of a job to its end, with its waits for people.',
  },
  InputWaitTime: {
    ...ofJob,
    ...ms,
    meaning:
      'How long an ended job waited for answers and uploads. Jobs that asked for nothing have no value.',
  },
  JobCost: {
    ...ofJob,
    unit: 'None',
    meaning: 'What an ended job cost in US dollars, from its receipt.',
  },
  StartsAccepted: { ...ofRequest, byOperation: true, meaning: 'Calls that created a job.' },
  StartTime: {
    ...ofRequest,
    ...ms,
    byOperation: true,
    meaning:
      'From a request to the acceptance of the job that it created, without a synchronous run before it.',
  },
  StartsQueued: {
    ...ofRequest,
    meaning: 'Starts that Step Functions did not accept at once, and that went to the queue of starts.',
  },
  StartsFailed: {
    ...ofRequest,
    meaning: 'Calls that were to create a job, and failed because of a fault of the service.',
  },
  RequestTime: {
    ...ofRequest,
    ...ms,
    meaning: 'Time of a request in the function. Streams, and requests that waited, have no value.',
  },
  RequestErrors: {
    ...ofRequest,
    meaning:
      'Requests that failed because of a fault of the service, also when AWS throttled it. `codes` in the log line has the error code.',
  },
  Polls: { ...ofRequest, byOperation: true, meaning: 'Calls that read the state of one job.' },
  Waits: { ...ofMcp, meaning: 'Calls and streams that waited for jobs.' },
  WaitTime: { ...ofMcp, ...ms, meaning: 'How long such a call or stream waited.' },
  LimitRefusals: {
    ...ofRequest,
    meaning: 'Calls that a limit of their owner refused. `limit_name` in the log line has its name.',
  },
  TokensRefused: {
    ...ofRequest,
    sources: ['authorizer'],
    meaning: 'Access tokens that were refused, such as expired ones. Each is an error of the function too.',
  },
  ResultTokens: {
    ...ofMcp,
    meaning:
      'Estimated tokens that a tool result takes in the context of a model: its bytes divided by four.',
  },
  OpenJobs: {
    ...ofSweep,
    ...gauge,
    meaning: 'Jobs older than a minute that have not ended, as each sweep finds them.',
  },
  OldestOpenJob: { ...ofSweep, ...seconds, meaning: 'Age of the oldest job that has not ended.' },
  OverdueJobs: {
    ...ofSweep,
    ...gauge,
    meaning: 'Open jobs that are older than the longest run of their operation.',
  },
  SweepFindings: { ...ofSweep, meaning: 'Jobs that a sweep had to start, resume or end.' },
  Sweeps: {
    ...ofSweep,
    meaning:
      'Sweeps that reached their end, also when single jobs failed. One that runs out of time continues in the next one.',
  },
  WebhookAttempts: { ...ofDelivery, meaning: 'Attempts to deliver an event to an endpoint.' },
  WebhookSuccesses: { ...ofDelivery, meaning: 'Attempts that an endpoint accepted with 2xx.' },
  WebhookDelay: {
    ...ofDelivery,
    ...ms,
    meaning: 'From an event to its first attempt at an endpoint. Replays have no value.',
  },
  WebhookLatency: {
    ...ofDelivery,
    ...ms,
    meaning: 'From an event to the 2xx of an endpoint, with all retries. Replays have no value.',
  },
  WebhooksAbandoned: { ...ofDelivery, meaning: 'Deliveries whose last attempt failed.' },
  OldestWaitingDelivery: {
    ...ofDelivery,
    ...seconds,
    sources: ['enqueue-due'],
    meaning: 'How long the delivery that waits longest is past the time of its next attempt.',
  },
  CanaryStarts: { ...ofCanary, meaning: 'Jobs that the canary tried to start.' },
  CanaryStartsGood: { ...ofCanary, meaning: 'Starts of the canary that were accepted within 1 s.' },
  CanaryStartTime: { ...ofCanary, ...ms, meaning: 'From the request of the canary to the response.' },
  CanaryDeliveries: { ...ofCanary, meaning: 'Ends of jobs whose webhook the canary waited for.' },
  CanaryDeliveriesGood: {
    ...ofCanary,
    meaning: 'Ends of jobs whose webhook reached the canary within 5 s.',
  },
  CanaryDeliveryTime: { ...ofCanary, ...ms, meaning: 'From the end of a job to the webhook at the canary.' },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

/** Name of a metric. */
export type MetricName = keyof typeof metricDefinitions;
