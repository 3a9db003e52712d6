/** Reads an event source mapping whose source is a table's stream. */

import type { StartingPosition, TableStream } from '../../dynamodb/table-stream.ts';
import { matches } from '../../eventbridge/event-pattern.ts';
import { arn, functionNameOf } from '../../shared/aws-names.ts';
import type { LambdaFunction } from '../functions.ts';
import { createFailureDestination, type FailureDestinationParts } from './failure-destination.ts';
import { filterPatterns, type MappingProperties, reportsItems } from './mapping-properties.ts';
import type { StreamReaderOptions } from './stream-reader.ts';

export interface StreamMapping {
  readonly startingPosition: StartingPosition;
  readonly options: Omit<StreamReaderOptions, 'expires' | 'onAttempt' | 'ready' | 'repeats'>;
}

/** Lambda's default for streams. */
const DEFAULT_BATCH_SIZE = 100;

/** @throws Error for a property that the local cloud does not support */
export function readStreamMapping(
  name: string,
  properties: MappingProperties,
  parts: FailureDestinationParts & { readonly stream: TableStream; readonly target: LambdaFunction },
): StreamMapping {
  const { StartingPosition, BatchSize = DEFAULT_BATCH_SIZE } = properties;
  const { BisectBatchOnFunctionError = false, DestinationConfig } = properties;
  if (StartingPosition !== 'TRIM_HORIZON' && StartingPosition !== 'LATEST') {
    throw new Error(`Mapping ${name} starts at ${StartingPosition}: give it TRIM_HORIZON or LATEST.`);
  }
  for (const property of ['MaximumRecordAgeInSeconds', 'TumblingWindowInSeconds'] as const) {
    if ((properties[property] ?? -1) > 0) {
      throw new Error(`Mapping ${name} has ${property}, which the local cloud does not support: remove it.`);
    }
  }
  const destination = DestinationConfig?.OnFailure?.Destination;
  const retries = properties.MaximumRetryAttempts ?? -1;
  const patterns = filterPatterns(name, properties);
  return {
    startingPosition: StartingPosition,
    options: {
      name,
      stream: parts.stream,
      target: parts.target,
      functionArn: arn('lambda', `function:${functionNameOf(properties.FunctionName)}`),
      batchSize: BatchSize,
      // One matching filter is enough. Without filters, every record matches.
      accepts: (record) => patterns.length === 0 || patterns.some((pattern) => matches(pattern, record)),
      reportsItems: reportsItems(properties),
      bisects: BisectBatchOnFunctionError,
      // Unlimited, as on AWS.
      maxRetries: retries < 0 ? Number.POSITIVE_INFINITY : retries,
      deadLetter: destination ? createFailureDestination(name, destination, parts) : undefined,
    },
  };
}
