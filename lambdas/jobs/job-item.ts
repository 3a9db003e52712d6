/** A job as DynamoDB keeps it, and back. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Job } from './job.ts';

/**
 * Kept as JSON text: DynamoDB's own types take neither every number nor every depth that JSON does. With or without the
 * colon of an expression's value.
 */
const JSON_ATTRIBUTES = [
  'answers',
  'handedOver',
  'input',
  'inputRequests',
  'result',
  ':answers',
  ':inputRequests',
  ':result',
];

/** For records, keys and the values of expressions alike. */
export function toItem(value: Readonly<Record<string, unknown>>): Record<string, AttributeValue> {
  const texts = JSON_ATTRIBUTES.filter((name) => name in value).map((name) => [
    name,
    JSON.stringify(value[name]),
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

/** Epoch milliseconds as DynamoDB's TTL wants them. */
export function toSeconds(epochMs: number): number {
  return Math.floor(epochMs / 1000);
}
