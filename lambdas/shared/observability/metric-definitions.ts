/** Lists the metrics of the service: for the functions that write them, the alarms, the dashboard and docs/metrics.md. */

/** The namespace of the metrics in CloudWatch. */
export const METRIC_NAMESPACE = 'McpAsyncOperations';

/** Dimensions of the metrics. No dimension has a value from a caller. */
export const Dimension = {
  /** The deployment: the name of the stack, or of the construct in it. All metrics have it. */
  service: 'service',
  operation: 'operation',
} as const;

export interface MetricDefinition {
  /** `Milliseconds`, `Count`, `Seconds`; `None` for US dollars. */
  readonly unit: 'Count' | 'Milliseconds' | 'Seconds' | 'None';
  /** Whether CloudWatch has the metric by operation too. All metrics are there for the deployment. */
  readonly byOperation: boolean;
  /** The function that writes it. */
  readonly source: 'api' | 'canary' | 'deliver' | 'enqueue-due' | 'events' | 'mcp' | 'reconcile';
  readonly meaning: string;
}

const count = { unit: 'Count', byOperation: false } as const;
const ofOperation = { unit: 'Count', byOperation: true, source: 'events' } as const;
const msOfOperation = { unit: 'Milliseconds', byOperation: true, source: 'events' } as const;

export const metricDefinitions = {
  JobsCreated: { ...ofOperation, meaning: 'Jobs that were created.' },
  JobsRetried: { ...ofOperation, meaning: 'Jobs that were created by a retry of an earlier job.' },
  JobsStarted: { ...ofOperation, meaning: 'Jobs whose first step began.' },
  JobsCompleted: { ...ofOperation, meaning: 'Jobs that completed.' },
  JobsFailed: { ...ofOperation, meaning: 'Jobs that failed. The log line has their codes in `codes`.' },
  JobsCancelled: { ...ofOperation, meaning: 'Jobs that were cancelled.' },
  QueuedTime: { ...msOfOperation, meaning: 'From the creation of a job to the begin of its first step.' },
  JobDuration: {
    ...msOfOperation,
    meaning: 'From the creation of a job to its end, waits for people included.',
  },
  InputWaitTime: { ...msOfOperation, meaning: 'Time that an ended job waited for answers and uploads.' },
  JobCost: { ...ofOperation, unit: 'None', meaning: 'Cost of an ended job in US dollars, from its receipt.' },
  StartsAccepted: { ...count, source: 'mcp', byOperation: true, meaning: 'Calls that created a job.' },
  StartTime: {
    ...count,
    unit: 'Milliseconds',
    source: 'mcp',
    byOperation: true,
    meaning: 'From the request that created a job to its response, without `wait_seconds`.',
  },
  StartsQueued: {
    ...count,
    source: 'mcp',
    meaning: 'Starts that Step Functions did not take at once and that a queue keeps.',
  },
  RequestTime: {
    ...count,
    unit: 'Milliseconds',
    source: 'mcp',
    meaning: 'Time of a request that does not wait, in the function. The management API writes it too.',
  },
  RequestErrors: {
    ...count,
    source: 'mcp',
    meaning: 'Requests that failed by a fault of the service. The management API writes it too.',
  },
  Polls: { ...count, source: 'mcp', byOperation: true, meaning: 'Calls that read one job.' },
  Waits: { ...count, source: 'mcp', meaning: 'Calls that waited for a job.' },
  WaitTime: { ...count, unit: 'Milliseconds', source: 'mcp', meaning: 'Time that such a call waited.' },
  LimitRefusals: {
    ...count,
    source: 'mcp',
    meaning: 'Calls that a limit of the owner refused. The log line has the codes in `codes`.',
  },
  ResultTokens: {
    ...count,
    source: 'mcp',
    meaning: 'Estimated tokens of a tool result in the context of a model: a quarter of its bytes.',
  },
  OpenJobs: { ...count, source: 'reconcile', meaning: 'Jobs that have not ended, counted by each sweep.' },
  OldestOpenJob: {
    ...count,
    unit: 'Seconds',
    source: 'reconcile',
    meaning: 'Age of the oldest job that has not ended.',
  },
  OverdueJobs: {
    ...count,
    source: 'reconcile',
    meaning: 'Open jobs that are older than the longest run of their operation.',
  },
  SweepFindings: {
    ...count,
    source: 'reconcile',
    meaning: 'Jobs that a sweep had to start, continue or end.',
  },
  Sweeps: { ...count, source: 'reconcile', meaning: 'Sweeps that ran to their end.' },
  WebhookAttempts: { ...count, source: 'deliver', meaning: 'Attempts to deliver an event to an endpoint.' },
  WebhookSuccesses: { ...count, source: 'deliver', meaning: 'Attempts that an endpoint accepted with 2xx.' },
  WebhookLatency: {
    ...count,
    unit: 'Milliseconds',
    source: 'deliver',
    meaning: 'From an event to the 2xx of an endpoint, retries included.',
  },
  WebhooksAbandoned: { ...count, source: 'deliver', meaning: 'Deliveries that failed all their attempts.' },
  OldestWaitingDelivery: {
    ...count,
    unit: 'Seconds',
    source: 'enqueue-due',
    meaning:
      'How long the delivery that waits longest for its next attempt is past the time of that attempt.',
  },
  CanaryStarts: { ...count, source: 'canary', meaning: 'Jobs that the canary tried to start.' },
  CanaryStartsGood: { ...count, source: 'canary', meaning: 'Those that were accepted within 1 s.' },
  CanaryStartTime: {
    ...count,
    unit: 'Milliseconds',
    source: 'canary',
    meaning: 'From the request of the canary to the response.',
  },
  CanaryDeliveries: {
    ...count,
    source: 'canary',
    meaning: 'Ends of jobs whose webhook the canary waited for.',
  },
  CanaryDeliveriesGood: {
    ...count,
    source: 'canary',
    meaning: 'Those whose webhook arrived within 5 s of the end.',
  },
  CanaryDeliveryTime: {
    ...count,
    unit: 'Milliseconds',
    source: 'canary',
    meaning: 'From the end of a job to its webhook.',
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricName = keyof typeof metricDefinitions;
