/** What an event source mapping of the template says, as far as it means something here. */

import type { StartingPosition } from '../../dynamodb/table-stream.ts';
import { checkPattern, type EventPattern } from '../../eventbridge/event-pattern.ts';

/**
 * Properties of `AWS::Lambda::EventSourceMapping`. A batching window is not among them: a batch is what is there, at
 * once. Nor is a parallelization factor: a stream has one batch at a time.
 */
export interface MappingProperties {
  readonly EventSourceArn: string;
  readonly FunctionName: string;
  readonly Enabled?: boolean;
  readonly BatchSize?: number;
  readonly FilterCriteria?: { readonly Filters?: readonly { readonly Pattern: string }[] };
  readonly FunctionResponseTypes?: readonly string[];
  /** Of queues alone. */
  readonly ScalingConfig?: { readonly MaximumConcurrency?: number };
  /** This and all that follows: of streams alone. */
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

/** @throws Error naming the part of a pattern that the local cloud cannot match */
export function filterPatterns(name: string, { FilterCriteria }: MappingProperties): EventPattern[] {
  return (FilterCriteria?.Filters ?? []).map(({ Pattern }) => {
    const pattern: unknown = JSON.parse(Pattern);
    checkPattern(`Mapping ${name}`, pattern);
    return pattern;
  });
}

/** Whether the function's answer names what it has failed on. */
export function reportsItems({ FunctionResponseTypes = [] }: MappingProperties): boolean {
  return FunctionResponseTypes.includes('ReportBatchItemFailures');
}
