/** Event source mappings: which function reads which table's stream, and how. */
import type { Template } from './assembly.ts';
import { arn, functionNameOf } from './aws-names.ts';
import { checkPattern, matches } from './event-pattern.ts';
import { createFailureDestination } from './failure-destination.ts';
import type { LambdaFunction } from './functions.ts';
import type { Resolve } from './intrinsics.ts';
import { resourcesOf } from './stack-resources.ts';
import type { StorageServer } from './storage.ts';
import { StreamReader, type StreamReaderOptions } from './stream-reader.ts';
import type { StreamRecord } from './stream-record.ts';
import type { StartingPosition, TableStream } from './table-stream.ts';

/**
 * Properties of `AWS::Lambda::EventSourceMapping` that mean something here. A batching window does not: a batch is
 * what is there, at once. Nor does a parallelization factor: there is one batch at a time.
 */
interface MappingProperties {
  readonly EventSourceArn: string;
  readonly FunctionName: string;
  readonly Enabled?: boolean;
  readonly BatchSize?: number;
  readonly StartingPosition: StartingPosition;
  readonly FilterCriteria?: { readonly Filters?: readonly { readonly Pattern: string }[] };
  readonly FunctionResponseTypes?: readonly string[];
  readonly BisectBatchOnFunctionError?: boolean;
  readonly MaximumRetryAttempts?: number;
  readonly DestinationConfig?: { readonly OnFailure?: { readonly Destination?: string } };
  readonly MaximumRecordAgeInSeconds?: number;
  readonly TumblingWindowInSeconds?: number;
}

const MAPPING_PROPERTIES = [
  'EventSourceArn',
  'FunctionName',
  'Enabled',
  'BatchSize',
  'StartingPosition',
  'FilterCriteria',
  'FunctionResponseTypes',
  'BisectBatchOnFunctionError',
  'MaximumRetryAttempts',
  'DestinationConfig',
  'MaximumRecordAgeInSeconds',
  'TumblingWindowInSeconds',
] as const;

export interface MappingParts {
  /** By table name. */
  readonly streams: ReadonlyMap<string, TableStream>;
  readonly functions: ReadonlyMap<string, LambdaFunction>;
  readonly storage: StorageServer;
}

/** Lambda's own for streams. */
const DEFAULT_BATCH_SIZE = 100;

/**
 * Starts all of them.
 * @throws Error for a source that is no table's stream, and for what the local cloud cannot do, before any starts
 */
export function startEventSourceMappings(
  template: Template,
  resolve: Resolve,
  parts: MappingParts,
): { close(): Promise<void> } {
  const mappings = [
    ...resourcesOf<MappingProperties>(
      template,
      resolve,
      ['AWS::Lambda::EventSourceMapping'],
      MAPPING_PROPERTIES,
    ),
  ].map(([name, properties]) => ({ properties, options: readerOptions(name, properties, parts) }));

  for (const stream of parts.streams.values()) {
    // One that is disabled keeps its place.
    const ofStream = mappings.filter(({ options }) => options.stream === stream);
    stream.setReaders(
      new Map(ofStream.map(({ options, properties }) => [options.name, properties.StartingPosition])),
    );
  }
  const readers = mappings
    .filter(({ properties }) => properties.Enabled ?? true)
    .map(({ options }) => new StreamReader(options));
  return {
    close: async () => void (await Promise.all(readers.map((reader) => reader.close()))),
  };
}

function readerOptions(
  name: string,
  properties: MappingProperties,
  { streams, functions, storage }: MappingParts,
): StreamReaderOptions {
  const { EventSourceArn, StartingPosition, BatchSize = DEFAULT_BATCH_SIZE } = properties;
  const { FunctionResponseTypes = [], BisectBatchOnFunctionError = false, DestinationConfig } = properties;
  const stream = [...streams.values()].find(({ arn }) => arn === EventSourceArn);
  if (!stream) {
    throw new Error(`Mapping ${name} reads ${EventSourceArn}: the local cloud has streams of tables only.`);
  }
  const functionName = functionNameOf(properties.FunctionName);
  const target = functions.get(functionName);
  if (!target) throw new Error(`Mapping ${name} invokes ${properties.FunctionName}, which is not there.`);
  if (StartingPosition !== 'TRIM_HORIZON' && StartingPosition !== 'LATEST') {
    throw new Error(`Mapping ${name} starts at ${StartingPosition}: give it TRIM_HORIZON or LATEST.`);
  }
  for (const property of ['MaximumRecordAgeInSeconds', 'TumblingWindowInSeconds'] as const) {
    if ((properties[property] ?? -1) > 0) {
      throw new Error(`Mapping ${name} has ${property}, which the local cloud does not know: leave it out.`);
    }
  }
  const destination = DestinationConfig?.OnFailure?.Destination;
  const retries = properties.MaximumRetryAttempts ?? -1;
  return {
    name,
    stream,
    target,
    functionArn: arn('lambda', `function:${functionName}`),
    batchSize: BatchSize,
    accepts: filterOf(name, properties.FilterCriteria?.Filters ?? []),
    reportsItems: FunctionResponseTypes.includes('ReportBatchItemFailures'),
    bisects: BisectBatchOnFunctionError,
    // As on AWS, for ever.
    maxRetries: retries < 0 ? Number.POSITIVE_INFINITY : retries,
    setAside: destination ? createFailureDestination(name, destination, storage) : undefined,
  };
}

/** One filter is enough; without any, each record passes. */
function filterOf(
  name: string,
  filters: readonly { readonly Pattern: string }[],
): (record: StreamRecord) => boolean {
  const patterns = filters.map(({ Pattern }) => {
    const pattern: unknown = JSON.parse(Pattern);
    checkPattern(`Mapping ${name}`, pattern);
    return pattern;
  });
  return (record) => patterns.length === 0 || patterns.some((pattern) => matches(pattern, record));
}
