/** Defines and reads the supported properties of an event source mapping. */

import type { StartingPosition } from '../../dynamodb/table-stream.ts';
import { checkPattern, type EventPattern } from '../../eventbridge/event-pattern.ts';

/**
 * Properties of `AWS::Lambda::EventSourceMapping`. There is no batching window: a batch contains the records that are
 * available. There is no parallelization factor: a stream has one batch at a time.
 */
export interface MappingProperties {
  readonly EventSourceArn: string;
  readonly FunctionName: string;
  readonly Enabled?: boolean;
  readonly BatchSize?: number;
  readonly FilterCriteria?: { readonly Filters?: readonly { readonly Pattern: string }[] };
  readonly FunctionResponseTypes?: readonly string[];
  /** For queues only. */
  readonly ScalingConfig?: { readonly MaximumConcurrency?: number };
  /** This and the following properties are for streams only. */
  readonly StartingPosition?: StartingPosition;
  readonly BisectBatchOnFunctionError?: boolean;
  readonly MaximumRetryAttempts?: number;
  readonly DestinationConfig?: { readonly OnFailure?: { readonly Destination?: string } };
  readonly MaximumRecordAgeInSeconds?: number;
  readonly TumblingWindowInSeconds?: number;
}

export const MAPPING_PROPERTIES = [
  'EventSourceArn',
  'FunctionName',
  'Enabled',
  'BatchSize',
  'FilterCriteria',
  'FunctionResponseTypes',
  'ScalingConfig',
  'StartingPosition',
  'BisectBatchOnFunctionError',
  'MaximumRetryAttempts',
  'DestinationConfig',
  'MaximumRecordAgeInSeconds',
  'TumblingWindowInSeconds',
] as const;

/** @throws Error naming the part of a pattern that the local cloud does not support */
export function filterPatterns(name: string, { FilterCriteria }: MappingProperties): EventPattern[] {
  return (FilterCriteria?.Filters ?? []).map(({ Pattern }) => {
    const pattern: unknown = JSON.parse(Pattern);
    checkPattern(`Mapping ${name}`, pattern);
    return pattern;
  });
}

/** Returns whether the function's result names the failed records. */
export function reportsItems({ FunctionResponseTypes = [] }: MappingProperties): boolean {
  return FunctionResponseTypes.includes('ReportBatchItemFailures');
}
