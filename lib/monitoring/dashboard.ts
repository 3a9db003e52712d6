/**
 * Lays out the dashboard: the first screen says whether jobs start and end, whether subscribers are notified, what is stuck and
 * what it costs. Each layer follows.
 */
import { Aws, Duration, Lazy } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  AlarmStatusWidgetSortBy,
  Dashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  LogQueryVisualizationType,
  LogQueryWidget,
  MathExpression,
  PeriodOverride,
  SingleValueWidget,
  TextWidget,
  TextWidgetBackground,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { Objectives } from '../../lambdas/canary/objectives.ts';
import {
  Dimension,
  METRIC_NAMESPACE,
  type MetricName,
} from '../../lambdas/shared/observability/metric-definitions.ts';
import type { AlarmFactory } from './alarm-factory.ts';
import {
  accountConcurrency,
  FIVE_MINUTES,
  ruleFailures,
  serviceMetric,
  tableThrottles,
  throttledTransitions,
} from './metrics.ts';
import type { Monitored } from './monitored.ts';
import { FAILURES_BY_CODE } from './saved-queries.ts';

export interface DashboardProps {
  readonly monitored: Monitored;
  /** The dashboard also has the alarms that are added later. */
  readonly alarms: AlarmFactory;
  readonly hasCanary: boolean;
}

/** The grid has 24 columns: four graphs a row. */
const WIDTH = 6;
const HEIGHT = 6;

/** Creates the dashboard. Dashboards belong to an account and not to a region, so its name has the region. */
export function createDashboard(scope: Construct, id: string, props: DashboardProps): Dashboard {
  const { monitored, alarms, hasCanary } = props;
  return new Dashboard(scope, id, {
    dashboardName: `${monitored.service}-${Aws.REGION}`,
    defaultInterval: Duration.hours(12),
    periodOverride: PeriodOverride.INHERIT,
    widgets: [
      [
        new AlarmStatusWidget({
          title: `Alarms of ${monitored.service}`,
          alarms: alarms.alarms,
          sortBy: AlarmStatusWidgetSortBy.STATE_UPDATED_TIMESTAMP,
          width: 24,
          height: 4,
        }),
      ],
      firstScreen(monitored),
      stuck(monitored),
      heading('Objectives: 99.9 % of starts and of webhooks'),
      objectives(monitored.service, hasCanary),
      heading('By operation'),
      byOperation(monitored.service),
      failures(monitored),
      heading('API'),
      api(monitored),
      heading('Functions'),
      functions(monitored),
      heading('Webhooks and events'),
      webhooks(monitored),
      heading('Sweeps, Step Functions, Lambda and DynamoDB'),
      backend(monitored),
      capacity(monitored),
      [runbookLinks(alarms.runbooks)],
    ],
  });
}

function firstScreen({ service }: Monitored): IWidget[] {
  const { sum, p99 } = metricsOf(service);
  return [
    graph('Are jobs starting?', {
      left: [sum('JobsCreated'), sum('JobsStarted'), sum('StartsQueued')],
      right: [p99('QueuedTime')],
    }),
    graph('Are jobs ending?', {
      left: [sum('JobsCompleted'), sum('JobsFailed'), sum('JobsCancelled')],
      right: [p99('JobDuration')],
    }),
    graph('Are subscribers notified?', {
      left: [sum('WebhookAttempts'), sum('WebhookSuccesses'), sum('WebhooksAbandoned')],
      right: [p99('WebhookLatency')],
    }),
    new SingleValueWidget({
      title: 'What do jobs cost today? (US dollars)',
      metrics: [
        serviceMetric(service, 'JobCost', 'Sum', Duration.days(1)).with({ label: 'Jobs that ended' }),
      ],
      sparkline: true,
      width: WIDTH,
      height: HEIGHT,
    }),
  ];
}

function stuck(monitored: Monitored): IWidget[] {
  const { service, deliveries, starts, eventRetries, publisher, resumer, deadLetters } = monitored;
  const { max } = metricsOf(service);
  const age = { period: FIVE_MINUTES, statistic: 'Maximum' };
  return [
    graph('What is stuck? Jobs', {
      left: [max('OpenJobs'), max('OverdueJobs')],
      right: [max('OldestOpenJob')],
    }),
    graph('Oldest message of each queue (s)', {
      left: [
        deliveries.metricApproximateAgeOfOldestMessage({ ...age, label: 'deliveries' }),
        starts.metricApproximateAgeOfOldestMessage({ ...age, label: 'starts' }),
        eventRetries.metricApproximateAgeOfOldestMessage({ ...age, label: 'event retries' }),
        max('OldestWaitingDelivery'),
      ],
    }),
    graph('Age of the last record read from the stream (ms)', {
      left: [
        publisher.metric('IteratorAge', { ...age, label: 'events' }),
        resumer.metric('IteratorAge', { ...age, label: 'resumer' }),
      ],
    }),
    graph('Dead letters', {
      left: deadLetters.map(({ name, queue }) =>
        queue.metricApproximateNumberOfMessagesVisible({ period: FIVE_MINUTES, label: name }),
      ),
    }),
  ];
}

/** docs/reference/slo.md has the arithmetic. */
function objectives(service: string, hasCanary: boolean): IWidget[] {
  const { sum, metric } = metricsOf(service);
  const within = (name: MetricName, ms: number) =>
    metric(name, `PR(:${ms})`).with({ label: `${name} up to ${ms} ms` });
  return [
    graph('Starts accepted in time (%)', { left: [within('StartTime', Objectives.startMs)] }),
    graph('Webhooks sent in time (%)', { left: [within('WebhookDelay', Objectives.deliveryMs)] }),
    graph('Starts that failed by a fault of the service', { left: [sum('StartsFailed')] }),
    ...(hasCanary
      ? [
          graph('Canary', {
            left: [sum('CanaryStarts'), sum('CanaryStartsGood'), sum('CanaryDeliveriesGood')],
            right: [metric('CanaryDeliveryTime', 'Maximum')],
          }),
        ]
      : []),
  ];
}

function byOperation(service: string): IWidget[] {
  const search = (metricName: MetricName, statistic: string) =>
    byOperationSearch(service, metricName, statistic);
  return [
    graph('Completed jobs', { left: search('JobsCompleted', 'Sum') }),
    graph('Failed jobs', { left: search('JobsFailed', 'Sum') }),
    graph('Duration of jobs, p90 (ms)', { left: search('JobDuration', 'p90') }),
    graph('Cost of jobs (US dollars)', { left: search('JobCost', 'Sum') }),
  ];
}

/** A search expression finds the metric of each operation, so that widgets do not grow with the catalogue. */
function byOperationSearch(service: string, metricName: MetricName, statistic: string): IMetric[] {
  const schema = [METRIC_NAMESPACE, Dimension.service, Dimension.operation].join(',');
  const terms = `{${schema}} MetricName="${metricName}" ${Dimension.service}="${service}"`;
  return [
    new MathExpression({
      expression: `SEARCH('${terms}', '${statistic}', ${FIVE_MINUTES.toSeconds()})`,
      usingMetrics: {},
      period: FIVE_MINUTES,
      label: '',
    }),
  ];
}

function failures({ service, logGroups, stepFunctions }: Monitored): IWidget[] {
  const { sum } = metricsOf(service);
  return [
    new LogQueryWidget({
      title: 'Failed jobs and refused calls by code',
      logGroupNames: logGroups.engine.map(({ logGroupName }) => logGroupName),
      queryLines: [...FAILURES_BY_CODE],
      view: LogQueryVisualizationType.TABLE,
      width: 12,
      height: HEIGHT,
    }),
    graph('Executions that no step ended', { left: [sum('ExecutionFailures')] }),
    graph('Errors of steps: a step that throws counts', { left: byFunction(stepFunctions, 'metricErrors') }),
  ];
}

function api({ service, api: restApi }: Monitored): IWidget[] {
  const { sum, p99, metric } = metricsOf(service);
  const count = { statistic: 'Sum', period: FIVE_MINUTES };
  return [
    graph('Requests and errors', {
      left: [
        restApi.metricCount({ ...count, label: 'requests' }),
        restApi.metricClientError({ ...count, label: '4xx' }),
        restApi.metricServerError({ ...count, label: '5xx' }),
        sum('RequestErrors'),
      ],
    }),
    graph('Time of requests (ms)', {
      left: [metric('RequestTime', 'p50'), p99('RequestTime'), p99('StartTime')],
    }),
    graph('Polls, waits and refusals', { left: [sum('Polls'), sum('Waits'), sum('LimitRefusals')] }),
    graph('Tokens of a tool result', { left: [metric('ResultTokens', 'p50'), p99('ResultTokens')] }),
  ];
}

function functions({ functions: engine, stepFunctions }: Monitored): IWidget[] {
  return [
    graph('Errors of the engine', { left: byFunction(engine, 'metricErrors') }),
    graph('Throttles of the engine', { left: byFunction(engine, 'metricThrottles') }),
    graph('Duration of the engine, p99 (ms)', { left: byFunction(engine, 'metricDuration', 'p99') }),
    graph('Throttles of steps', { left: byFunction(stepFunctions, 'metricThrottles') }),
  ];
}

function webhooks({ service, deliveries, topic }: Monitored): IWidget[] {
  const { metric, p99 } = metricsOf(service);
  const count = { statistic: 'Sum', period: FIVE_MINUTES };
  return [
    graph('Accepted attempts (%)', {
      left: [
        new MathExpression({
          expression: '100 * successes / attempts',
          usingMetrics: {
            successes: metric('WebhookSuccesses', 'Sum'),
            attempts: metric('WebhookAttempts', 'Sum'),
          },
          period: FIVE_MINUTES,
          label: 'accepted',
        }),
      ],
    }),
    graph('From an event to its 2xx (ms)', {
      left: [metric('WebhookLatency', 'p50'), p99('WebhookLatency')],
    }),
    graph('Queue of deliveries', {
      left: [
        deliveries.metricApproximateNumberOfMessagesVisible({ period: FIVE_MINUTES, label: 'waiting' }),
        deliveries.metricApproximateNumberOfMessagesNotVisible({ period: FIVE_MINUTES, label: 'in flight' }),
        deliveries.metricApproximateNumberOfMessagesDelayed({ period: FIVE_MINUTES, label: 'delayed' }),
      ],
    }),
    graph('Events topic', {
      left: [
        topic.metricNumberOfMessagesPublished({ ...count, label: 'published' }),
        topic.metricNumberOfNotificationsFailed({ ...count, label: 'failed' }),
      ],
    }),
  ];
}

function backend({ service, rules }: Monitored): IWidget[] {
  const { sum, p99 } = metricsOf(service);
  return [
    graph('Sweeps', { left: [sum('Sweeps'), sum('SweepFindings')] }),
    graph('Throttled by Step Functions', {
      left: [sum('StartsQueued'), throttledTransitions().with({ label: 'transitions of the account' })],
    }),
    graph('Rules that could not invoke', {
      left: rules.map((rule) => ruleFailures(rule.ruleName).with({ label: rule.node.scope?.node.id })),
    }),
    graph('Waits for people (ms)', { left: [p99('InputWaitTime')] }),
  ];
}

function capacity({ tables, ...monitored }: Monitored): IWidget[] {
  return [
    graph('Concurrent executions of the account', {
      left: [accountConcurrency().with({ label: 'used and reserved' })],
    }),
    graph('Capacity units of tables', {
      left: tables.flatMap(({ name, table }) => [
        table.metricConsumedReadCapacityUnits({ period: FIVE_MINUTES, label: `${name} read` }),
        table.metricConsumedWriteCapacityUnits({ period: FIVE_MINUTES, label: `${name} write` }),
      ]),
    }),
    graph('Throttles of tables and indexes', { left: tables.flatMap((table) => tableThrottles(table)) }),
    graph('Time to the first step, p90 (ms)', {
      left: byOperationSearch(monitored.service, 'QueuedTime', 'p90'),
    }),
  ];
}

function runbookLinks(runbooks: ReadonlyMap<string, string>): IWidget {
  const links = () => [...runbooks].map(([id, url]) => `[${id}](${url})`).join(' · ');
  const markdown = Lazy.string({ produce: () => `## Runbooks\n${links()}` });
  return new TextWidget({ markdown, width: 24, height: 3 });
}

function heading(title: string): IWidget[] {
  return [
    new TextWidget({
      markdown: `## ${title}`,
      width: 24,
      height: 1,
      background: TextWidgetBackground.TRANSPARENT,
    }),
  ];
}

function graph(title: string, axes: { readonly left: IMetric[]; readonly right?: IMetric[] }): GraphWidget {
  return new GraphWidget({ title, ...axes, leftYAxis: { min: 0 }, width: WIDTH, height: HEIGHT });
}

/** Returns one metric of each function, with the construct's id as its label. */
function byFunction(
  list: readonly LambdaFunction[],
  name: 'metricErrors' | 'metricThrottles' | 'metricDuration',
  statistic = 'Sum',
): IMetric[] {
  return list.map((fn) => fn[name]({ statistic, period: FIVE_MINUTES, label: labelOf(fn) }));
}

/** The id of the function without what all of them share: `Webhooks Deliver`, `build Sandbox`, `Mcp`. */
function labelOf(fn: LambdaFunction): string {
  const { id, scope } = fn.node;
  return [scope?.node.id, id === 'Function' ? undefined : id.replace(/Function$/, '')]
    .filter(Boolean)
    .join(' ');
}

function metricsOf(service: string) {
  const metric = (name: MetricName, statistic: string) =>
    serviceMetric(service, name, statistic).with({
      label: /^p\d/.test(statistic) ? `${name} ${statistic}` : name,
    });
  return {
    metric,
    sum: (name: MetricName) => metric(name, 'Sum'),
    max: (name: MetricName) => metric(name, 'Maximum'),
    p99: (name: MetricName) => metric(name, 'p99'),
  };
}
