/** Reads metrics from log lines: documents in CloudWatch's embedded metric format. */
import type { MetricId } from './metric-store.ts';

export interface MetricValue extends MetricId {
  readonly value: number;
}

/** CloudWatch's limits of a document. */
const MAX_METRICS = 100;
const MAX_DIMENSIONS = 30;
const MAX_VALUES = 100;

interface Directive {
  readonly Namespace: string;
  readonly Dimensions: readonly (readonly string[])[];
  readonly Metrics: readonly { readonly Name: string; readonly Unit?: string }[];
}

/**
 * Returns the values of a line; none for a line that is not a document.
 * @throws Error saying why CloudWatch would drop the document
 */
export function readEmbeddedMetrics(line: string): readonly MetricValue[] {
  // Most lines are not documents.
  if (!line.includes('"CloudWatchMetrics"')) return [];
  const document = parse(line);
  const { CloudWatchMetrics, Timestamp } = (document?._aws ?? {}) as {
    readonly CloudWatchMetrics?: readonly Directive[];
    readonly Timestamp?: number;
  };
  if (!document || !Array.isArray(CloudWatchMetrics)) return [];
  if (!Number.isInteger(Timestamp)) throw malformed('has no Timestamp in milliseconds');
  return CloudWatchMetrics.flatMap((directive) => valuesOf(directive, document));
}

function valuesOf(
  { Namespace, Dimensions, Metrics }: Directive,
  document: Readonly<Record<string, unknown>>,
): MetricValue[] {
  if (!Namespace || /^AWS\//.test(Namespace)) throw malformed(`has the namespace "${Namespace}"`);
  if (Metrics.length > MAX_METRICS) throw malformed(`has ${Metrics.length} metrics of ${MAX_METRICS}`);
  return Dimensions.flatMap((names) => {
    if (names.length > MAX_DIMENSIONS) throw malformed(`has ${names.length} dimensions of ${MAX_DIMENSIONS}`);
    const dimensions = Object.fromEntries(names.map((name) => [name, dimensionOf(document, name)]));
    return Metrics.flatMap(({ Name }) => {
      const values = [document[Name]].flat();
      if (values.length > MAX_VALUES) throw malformed(`has ${values.length} values of ${Name}`);
      return values.map((value) => {
        if (typeof value !== 'number' || !Number.isFinite(value))
          throw malformed(`has no number for ${Name}`);
        return { namespace: Namespace, name: Name, dimensions, value };
      });
    });
  });
}

function dimensionOf(document: Readonly<Record<string, unknown>>, name: string): string {
  const value = document[name];
  if (typeof value === 'string' && value.length > 0 && value.length <= 1024) return value;
  throw malformed(`has no text for the dimension ${name}`);
}

function malformed(what: string): Error {
  return new Error(
    `A document of metrics ${what}. CloudWatch drops it: correct the function that writes it.`,
  );
}

function parse(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(line.slice(line.indexOf('{')));
  } catch {
    return undefined;
  }
}
