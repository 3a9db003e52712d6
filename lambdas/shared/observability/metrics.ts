/**
 * Gathers the metrics of an invocation, and writes them as one document in CloudWatch's embedded metric format when the invocation
 * ends. An invocation that crashes or times out loses them.
 */
import { Metrics } from '@aws-lambda-powertools/metrics';
import type { EmfOutput } from '@aws-lambda-powertools/metrics/types';
import type { MiddlewareObj } from '@middy/core';
import { Dimension, METRIC_NAMESPACE, type MetricName, metricDefinitions } from './metric-definitions.ts';

/** What a document is about. Logs Insights can group by it. Only `operation` is a dimension. */
interface Subject {
  readonly operation: string;
  readonly jobId?: string;
}

/** Values by metric. */
export type MetricValues = Readonly<Partial<Record<MetricName, readonly number[]>>>;

/**
 * Powertools gives all metrics of a document the same dimensions. Here, metrics of the deployment have only `service`: each
 * further set of dimensions costs as much as a metric. A document with a hundred values of one metric is written at once.
 */
class DocumentMetrics extends Metrics {
  operation: string | undefined;
  requestId: string | undefined;

  override serializeMetrics(): EmfOutput {
    const { operation, requestId } = this;
    const document = {
      ...super.serializeMetrics(),
      ...(requestId !== undefined && { request_id: requestId }),
    };
    const [directive] = document._aws.CloudWatchMetrics;
    if (operation === undefined || !directive) return document;
    const { service } = Dimension;
    const all = Map.groupBy(
      directive.Metrics,
      ({ Name }) => metricDefinitions[Name as MetricName].byOperation,
    );
    const directives = [...all].map(([byOperation, list]) => ({
      ...directive,
      Dimensions: byOperation ? [[service], [service, Dimension.operation]] : [[service]],
      Metrics: list,
    }));
    const _aws = { ...document._aws, CloudWatchMetrics: directives } as EmfOutput['_aws'];
    return { ...document, _aws, [Dimension.operation]: operation };
  }
}

/** The service name comes from `POWERTOOLS_SERVICE_NAME`. */
const metrics = new DocumentMetrics({ namespace: METRIC_NAMESPACE });

const NONE: ReadonlySet<string> = new Set();

/** Operations of the deployment; undefined outside of an invocation that writes metrics. */
let deployed: ReadonlySet<string> | undefined;

/**
 * Adds a value of a metric to the document of this invocation. Does nothing where `writeMetrics` is not in use: the code of the
 * engine also runs in functions of others.
 * @example
 * ```ts
 * addMetric('Polls', 1);
 * ```
 */
export function addMetric(name: MetricName, value: number): void {
  if (deployed && Number.isFinite(value)) metrics.addMetric(name, metricDefinitions[name].unit, value);
}

/** Adds a property to the document: what has too many values for a dimension. Logs Insights can group by it. */
export function addMetricProperty(name: string, value: string | readonly string[]): void {
  if (deployed) metrics.addMetadata(name, value as string);
}

/** Says what the document is about. Only the operation is a dimension, and only one that this deployment has. */
export function setMetricSubject({ operation, jobId }: Subject): void {
  if (deployed?.has(operation)) metrics.operation = operation;
  if (jobId !== undefined) addMetricProperty('job_id', jobId);
}

/**
 * Writes a document of its own for one operation.
 * @param operation any name: an operation that this deployment does not have counts for the deployment only
 */
export function publishMetricsOf(
  operation: string,
  values: MetricValues,
  properties: Readonly<Record<string, readonly string[]>> = {},
): void {
  setMetricSubject({ operation });
  // Before the values: a document that is full is written at once.
  for (const [name, list] of Object.entries(properties)) if (list.length > 0) addMetricProperty(name, list);
  for (const [name, list] of Object.entries(values)) {
    for (const value of list) addMetric(name as MetricName, value);
  }
  publish();
}

function publish(): void {
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
  metrics.clearMetadata();
  metrics.operation = undefined;
}

/**
 * Returns the middleware that gathers the metrics of each invocation and writes them when it ends. A stream ends with its body.
 * @param operations names that the dimension `operation` may have. @default none
 */
export function writeMetrics(operations: ReadonlySet<string> = NONE): MiddlewareObj {
  return {
    before: ({ context }) => {
      deployed = operations;
      metrics.requestId = context.awsRequestId;
    },
    after: (request) => {
      const { response } = request;
      if (response?.body instanceof ReadableStream)
        response.body = ReadableStream.from(endWith(response.body));
      else end();
    },
    onError: end,
  };
}

async function* endWith<T>(body: ReadableStream<T>): AsyncGenerator<T> {
  try {
    yield* body;
  } finally {
    end();
  }
}

function end(): void {
  publish();
  deployed = undefined;
}
