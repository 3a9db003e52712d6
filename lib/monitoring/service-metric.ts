/** Makes metrics of the service for alarms and dashboards of your own. */
import { Metric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import {
  Dimension,
  METRIC_NAMESPACE,
  type MetricDefinition,
  type MetricName,
  metricDefinitions,
} from '../../lambdas/shared/observability/metric-definitions.ts';

/** Options of `AsyncOperations.metric`: those of a CloudWatch metric, and an operation. */
export interface ServiceMetricOptions extends Omit<MetricOptions, 'dimensionsMap'> {
  /** Name of an operation of the catalogue. @default all operations of the deployment */
  readonly operation?: string;
}

/**
 * @param service name of the deployment
 * @param operations names of the catalogue
 * @throws Error for an unknown metric or operation, and for a metric that exists only for the whole deployment
 */
export function metricOf(
  service: string,
  operations: readonly string[],
  name: MetricName,
  { operation, ...options }: ServiceMetricOptions,
): Metric {
  const definitions: Readonly<Record<string, MetricDefinition>> = metricDefinitions;
  const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
  if (!definition) {
    throw new Error(`There is no metric "${name}". There are: ${Object.keys(definitions).join(', ')}.`);
  }
  if (operation !== undefined && !definition.byOperation) {
    throw new Error(`The metric ${name} exists only for the whole deployment. Omit \`operation\`.`);
  }
  if (operation !== undefined && !operations.includes(operation)) {
    throw new Error(`There is no operation "${operation}". There are: ${operations.join(', ') || 'none'}.`);
  }
  return new Metric({
    statistic: definition.statistic,
    ...options,
    namespace: METRIC_NAMESPACE,
    metricName: name,
    dimensionsMap: {
      [Dimension.service]: service,
      ...(operation !== undefined && { [Dimension.operation]: operation }),
    },
  });
}
