/** Runs code as an invocation that writes metrics, and reads documents in CloudWatch's embedded metric format. */
import { jest } from '@jest/globals';
import middy from '@middy/core';
import { writeMetrics } from '../../lambdas/shared/observability/metrics.ts';

/** A document: metrics, dimensions and properties by name. */
export interface MetricDocument extends Readonly<Record<string, unknown>> {
  readonly _aws: {
    readonly Timestamp: number;
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
    }[];
  };
}

/** @returns undefined for a log line that is not a document */
export function readMetricDocument(line: string): MetricDocument | undefined {
  return line.startsWith('{"_aws"') ? (JSON.parse(line) as MetricDocument) : undefined;
}

/** Returns the values of a metric in a document. */
export function valuesOf(document: MetricDocument, name: string): readonly number[] {
  const value = document[name];
  return value === undefined ? [] : ([value].flat() as number[]);
}

/** Returns the sums of all metrics, by `name`, and by `name operation` where CloudWatch has the metric by operation. */
export function sumsOf(documents: readonly MetricDocument[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const document of documents) {
    for (const { Dimensions, Metrics } of document._aws.CloudWatchMetrics) {
      for (const { Name } of Metrics) {
        const sum = valuesOf(document, Name).reduce((total, value) => total + value, 0);
        for (const dimensions of Dimensions) {
          const key = [
            Name,
            ...dimensions.filter((each) => each !== 'service').map((each) => document[each]),
          ].join(' ');
          sums[key] = (sums[key] ?? 0) + sum;
        }
      }
    }
  }
  return sums;
}

interface InvocationOptions {
  /** Operations of the deployment. @default build, deploy */
  readonly operations?: readonly string[];
  /** The client leaves after the first chunk of a streamed response. @default false */
  readonly leavesEarly?: boolean;
  /** Further middleware. @default none */
  readonly middleware?: middy.MiddlewareObj;
}

/** Returns the documents that code writes in one invocation, also when it throws. */
export async function metricDocumentsOf(
  run: () => unknown,
  { operations = ['build', 'deploy'], leavesEarly = false, middleware }: InvocationOptions = {},
): Promise<readonly MetricDocument[]> {
  const lines: string[] = [];
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    lines.push(...String(text).split('\n'));
    return true;
  });
  try {
    const handler = middy(async () => run()).use([
      writeMetrics(new Set(operations)),
      ...(middleware ? [middleware] : []),
    ]);
    const response: unknown = await handler({}, {} as never).catch(() => undefined);
    const { body } = Object(response);
    if (body instanceof ReadableStream) for await (const _ of body) if (leavesEarly) break;
  } finally {
    write.mockRestore();
  }
  return lines.flatMap((line) => readMetricDocument(line) ?? []);
}
