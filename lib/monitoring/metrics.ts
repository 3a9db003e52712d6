/** Makes the metrics of alarms and of the dashboard: those of the service, and sums of many metrics. */
import { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { MetricName } from '../../lambdas/shared/observability/metric-definitions.ts';
import type { MonitoredTable } from './monitored.ts';
import { metricOf } from './service-metric.ts';

/** CloudWatch's limit for the metrics of an alarm on a math expression. */
const MAX_METRICS = 10;

/** The period of most alarms. */
export const FIVE_MINUTES = Duration.minutes(5);

/** Returns a metric that the service writes, for the whole deployment. @param statistic such as `Sum` or `p99` */
export function serviceMetric(
  service: string,
  metricName: MetricName,
  statistic: string,
  period = FIVE_MINUTES,
): Metric {
  return metricOf(service, [], metricName, { statistic, period });
}

/** Returns the number of times that EventBridge could not invoke the target of a rule. */
export function ruleFailures(ruleName: string): Metric {
  return new Metric({
    namespace: 'AWS/Events',
    metricName: 'FailedInvocations',
    dimensionsMap: { RuleName: ruleName },
    statistic: 'Sum',
    period: FIVE_MINUTES,
  });
}

/** Returns the number of state transitions that Step Functions throttled. The quota and the metric are of the account's region. */
export function throttledTransitions(): Metric {
  return new Metric({
    namespace: 'AWS/States',
    metricName: 'ThrottledEvents',
    dimensionsMap: { ServiceMetric: 'StateTransition' },
    statistic: 'Sum',
    period: FIVE_MINUTES,
  });
}

/** Returns the concurrent executions of Lambda in the account's region, with those that are reserved. */
export function accountConcurrency(period = FIVE_MINUTES): Metric {
  return new Metric({
    namespace: 'AWS/Lambda',
    metricName: 'ClaimedAccountConcurrency',
    statistic: 'Maximum',
    period,
  });
}

/** Returns the numbers of throttled reads and writes of a table and of each of its indexes. */
export function tableThrottles({ name, table, indexes }: MonitoredTable): Metric[] {
  return [undefined, ...indexes].flatMap((index) =>
    (['Read', 'Write'] as const).map(
      (access) =>
        new Metric({
          namespace: 'AWS/DynamoDB',
          metricName: `${access}ThrottleEvents`,
          dimensionsMap: {
            TableName: table.tableName,
            ...(index !== undefined && { GlobalSecondaryIndexName: index }),
          },
          statistic: 'Sum',
          period: FIVE_MINUTES,
          label: [name, index, access.toLowerCase()].filter(Boolean).join(' '),
        }),
    ),
  );
}

/**
 * Returns an expression of metrics by their ids. Arithmetic counts a missing value as 0 when another metric has a value, and
 * drops a division by zero.
 */
export function math(
  expression: string,
  usingMetrics: Readonly<Record<string, IMetric>>,
  period = FIVE_MINUTES,
): MathExpression {
  return new MathExpression({ expression, usingMetrics: { ...usingMetrics }, period, label: '' });
}

/** Returns the sum of the metrics, or several sums when there are more than an alarm may have. */
export function sums(metrics: readonly IMetric[]): IMetric[] {
  return chunksOf(metrics, MAX_METRICS).map((chunk) => sum(chunk));
}

/**
 * Returns the sums of metrics of DynamoDB, which have no data when nothing is throttled. AWS's pages disagree whether such an alarm
 * heeds `notBreaching`. The heartbeat always has data, so that the alarm ends in any case.
 */
export function sumsWithHeartbeat(metrics: readonly IMetric[], heartbeat: IMetric): IMetric[] {
  return chunksOf(metrics, MAX_METRICS - 1).map((chunk) => {
    const ids = idsOf(chunk);
    return math(`${Object.keys(ids).join(' + ')} + 0 * heartbeat`, { ...ids, heartbeat });
  });
}

function sum(metrics: readonly IMetric[]): IMetric {
  const [first] = metrics;
  if (first && metrics.length === 1) return first;
  const ids = idsOf(metrics);
  return math(Object.keys(ids).join(' + '), ids);
}

function idsOf(metrics: readonly IMetric[]): Record<string, IMetric> {
  return Object.fromEntries(metrics.map((metric, index) => [`m${index + 1}`, metric]));
}

function chunksOf<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  );
}
