/** An event source mapping whose source is a queue. */
import type { SQSRecord } from 'aws-lambda';
import { type EventPattern, matches } from '../../eventbridge/event-pattern.ts';
import type { LambdaFunction } from '../functions.ts';
import { filterPatterns, type MappingProperties, reportsItems } from './mapping-properties.ts';
import type { QueueReaderOptions } from './queue-reader.ts';

/** Lambda's own for queues, and all that one ReceiveMessage gives: a larger batch would need a batching window. */
const MAX_BATCH_SIZE = 10;
/** Lambda, too, begins with five batches at once. It goes on to a thousand as a queue fills; a laptop would choke. */
const DEFAULT_CONCURRENCY = 5;

/** @throws Error for a filter that the local cloud cannot match */
export function readQueueMapping(
  name: string,
  properties: MappingProperties,
  parts: Pick<QueueReaderOptions, 'queueUrl' | 'clientOptions'> & { readonly target: LambdaFunction },
): QueueReaderOptions {
  const { EventSourceArn, BatchSize = MAX_BATCH_SIZE, ScalingConfig } = properties;
  const patterns = filterPatterns(name, properties);
  return {
    ...parts,
    queueArn: EventSourceArn,
    batchSize: Math.min(BatchSize, MAX_BATCH_SIZE),
    maxConcurrency: ScalingConfig?.MaximumConcurrency ?? DEFAULT_CONCURRENCY,
    // One filter is enough; without any, each message passes.
    accepts: (record) => patterns.length === 0 || patterns.some((pattern) => matchesMessage(pattern, record)),
    reportsItems: reportsItems(properties),
  };
}

/** A pattern that looks into the body matches only a body that is a JSON object. */
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
