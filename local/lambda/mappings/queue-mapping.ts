/** Reads an event source mapping whose source is a queue. */
import type { SQSRecord } from 'aws-lambda';
import { type EventPattern, matches } from '../../eventbridge/event-pattern.ts';
import type { LambdaFunction } from '../functions.ts';
import { filterPatterns, type MappingProperties, reportsItems } from './mapping-properties.ts';
import type { QueueReaderOptions } from './queue-reader.ts';

/** Lambda's default for queues, and the limit of one ReceiveMessage. A larger batch would need a batching window. */
const MAX_BATCH_SIZE = 10;
/** Lambda also begins with five concurrent batches. It scales to a thousand, which would overload a laptop. */
const DEFAULT_CONCURRENCY = 5;

/** @throws Error for a filter that the local cloud does not support */
export function readQueueMapping(
  name: string,
  properties: MappingProperties,
  parts: Pick<QueueReaderOptions, 'queueUrl' | 'clientOptions'> & { readonly target: LambdaFunction },
): Omit<QueueReaderOptions, 'isLate' | 'ready' | 'repeats'> {
  const { EventSourceArn, BatchSize = MAX_BATCH_SIZE, ScalingConfig } = properties;
  const patterns = filterPatterns(name, properties);
  return {
    ...parts,
    queueArn: EventSourceArn,
    batchSize: Math.min(BatchSize, MAX_BATCH_SIZE),
    maxConcurrency: ScalingConfig?.MaximumConcurrency ?? DEFAULT_CONCURRENCY,
    // One matching filter is enough. Without filters, every message matches.
    accepts: (record) => patterns.length === 0 || patterns.some((pattern) => matchesMessage(pattern, record)),
    reportsItems: reportsItems(properties),
  };
}

/** A pattern with fields of the body matches only a body that is a JSON object. */
function matchesMessage(pattern: EventPattern, record: SQSRecord): boolean {
  if (!pattern.body || Array.isArray(pattern.body)) return matches(pattern, record);
  const body = parseObject(record.body);
  return body !== undefined && matches(pattern, { ...record, body });
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
