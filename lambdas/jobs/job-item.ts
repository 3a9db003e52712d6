/** Maps jobs to DynamoDB items and back. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Use } from '../shared/usage.ts';
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

/** Whether an attribute of the record is stored as JSON text. */
export function isJsonAttribute(name: string): boolean {
  return JSON_ATTRIBUTES.includes(name);
}

/** Marshalls a record, a key or the values of an expression. */
export function toItem(value: Readonly<Record<string, unknown>>): Record<string, AttributeValue> {
  const texts = JSON_ATTRIBUTES.filter((name) => value[name] !== undefined).map((name) => [
    name,
    toJson(value[name]),
  ]);
  return marshall({ ...value, ...Object.fromEntries(texts) }, { removeUndefinedValues: true });
}

export function fromItem(item: Record<string, AttributeValue>): Job {
  const job: Record<string, unknown> = {};
  const used: Partial<Record<Use, number>> = {};
  for (const [name, value] of Object.entries(unmarshall(item))) {
    if (name.startsWith(USED)) used[name.slice(USED.length) as Use] = value;
    else job[name] = isJsonAttribute(name) ? JSON.parse(value) : value;
  }
  return { ...job, ...(Object.keys(used).length > 0 && { used }) } as unknown as Job;
}

const USED = 'used_';

/** @returns the attribute that counts a use: an attribute of its own, because an update can add to it before it exists */
export function usedAttribute(use: string): string {
  return `${USED}${use}`;
}

/** @returns epoch seconds, the unit of DynamoDB's TTL */
export function toSeconds(epochMs: number): number {
  return Math.floor(epochMs / 1000);
}
