/** Gathers the metrics of an invocation, and writes them as one document in CloudWatch's embedded metric format. */
import { Metrics } from '@aws-lambda-powertools/metrics';
import { Dimension, METRIC_NAMESPACE, type MetricName, metricDefinitions } from './metric-definitions.ts';

/** The service name comes from `POWERTOOLS_SERVICE_NAME`. */
export const metrics = new Metrics({ namespace: METRIC_NAMESPACE });

/**
 * Adds a value of a metric to the document of this invocation.
 * @example
 * ```ts
 * addMetric('Polls', 1);
 * ```
 */
export function addMetric(name: MetricName, value: number): void {
  metrics.addMetric(name, metricDefinitions[name].unit, value);
}

/** Writes the gathered metrics, for the deployment and for one operation of it. */
export function publishMetricsOf(operation: string): void {
  if (!metrics.hasStoredMetrics()) return;
  metrics.addDimensions({ [Dimension.operation]: operation });
  metrics.publishStoredMetrics();
}
