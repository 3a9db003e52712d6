/** Maps jobs to DynamoDB items and back. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { toJson } from '../shared/well-formed.ts';
import type { Job } from './job.ts';

/**
 * Attributes stored as JSON text: DynamoDB's types support neither every number nor every depth of JSON. The names with a
 * colon are placeholders of expressions.
 */
const JSON_ATTRIBUTES = [
  'answers',
  'handedOver',
  'input',
  'inputRequests',
  'result',
  'reused',
  ':answers',
  ':inputRequests',
  ':result',
];

/** Marshalls a record, a key or the values of an expression. */
export function toItem(value: Readonly<Record<string, unknown>>): Record<string, AttributeValue> {
  const texts = JSON_ATTRIBUTES.filter((name) => value[name] !== undefined).map((name) => [
    name,
    toJson(value[name]),
  ]);
  return marshall({ ...value, ...Object.fromEntries(texts) }, { removeUndefinedValues: true });
}

export function fromItem(item: Record<string, AttributeValue>): Job {
  const record = unmarshall(item);
  const values = JSON_ATTRIBUTES.filter((name) => name in record).map((name) => [
    name,
    JSON.parse(record[name]),
  ]);
  return { ...record, ...Object.fromEntries(values) } as Job;
}

/** @returns epoch seconds, the unit of DynamoDB's TTL */
export function toSeconds(epochMs: number): number {
  return Math.floor(epochMs / 1000);
}
