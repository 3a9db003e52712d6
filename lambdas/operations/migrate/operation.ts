/** Defines the operation `migrate`: changes many items of a table that the operator allows, and no item twice. */

import { defineOperation } from 'mcp-async-operations/operation';
import * as z from 'zod';

const MINUTE_MS = 60_000;
/** A DynamoDB expression allows far more attributes, but people can review only small changes. */
const MAX_ATTRIBUTES = 10;

/** The smallest number of DynamoDB above zero. */
const MIN_NUMBER = 1e-130;

const attribute = z
  .string()
  .min(1)
  .max(255)
  .refine((name) => name !== '__proto__', 'name another attribute: __proto__ cannot be read from an item.');
const value = z
  .union([z.string().max(1_024), z.number(), z.boolean()])
  .refine(
    (given) => typeof given !== 'number' || isExact(given),
    `JSON or DynamoDB cannot hold this number exactly. Give 0, or a size of ${MIN_NUMBER} to ${Number.MAX_SAFE_INTEGER}.`,
  );
const values = z
  .record(attribute, value)
  .refine(
    (given) => Object.keys(given).length <= MAX_ATTRIBUTES,
    `name at most ${MAX_ATTRIBUTES} attributes.`,
  )
  .default({});

function isExact(value: number): boolean {
  const size = Math.abs(value);
  return size === 0 || (size >= MIN_NUMBER && size <= Number.MAX_SAFE_INTEGER);
}

const input = z.strictObject({
  table: z
    .string()
    .regex(/^[a-zA-Z0-9_.-]{3,255}$/, 'table must be the name of a DynamoDB table, such as "orders".')
    .describe('A table that the operator allows.'),
  set: values.describe('Attributes and their new values.'),
  remove: z.array(attribute).max(MAX_ATTRIBUTES).default([]),
  rename: z
    .record(attribute, attribute)
    .refine(
      (given) => Object.keys(given).length <= MAX_ATTRIBUTES,
      `name at most ${MAX_ATTRIBUTES} attributes.`,
    )
    .default({})
    .describe('Attributes and their new names.'),
  where: values.describe('Changes only items with these values.'),
  dry_run: z.boolean().default(false),
});
export type MigrateInput = z.output<typeof input>;

const count = z.int().nonnegative();
const output = z.strictObject({
  table: z.string(),
  dry_run: z.boolean(),
  scanned: count.describe('Items read.'),
  matched: count.describe('Scanned items that match `where`.'),
  changed: count.describe('Matched items that changed, or would change in a dry run.'),
  already: count.describe(
    'Matched items that needed no change. Includes items that an interrupted attempt changed on its last page.',
  ),
  conflicts: count.describe(
    'Matched items left unchanged, because they have both names of a rename or another writer changed them.',
  ),
});
export type MigrateOutput = z.output<typeof output>;
export type Counts = Pick<MigrateOutput, 'scanned' | 'matched' | 'changed' | 'already' | 'conflicts'>;

export const migrate = defineOperation({
  name: 'migrate',
  title: 'Migrate',
  description:
    'Sets, removes and renames attributes of the items of a DynamoDB table. Start with dry_run, which only counts.',
  input,
  subject: 'table',
  output,
  handler: new URL('./steps.lambda.ts', import.meta.url),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  execution: { mode: 'job', maxWaitMs: 30_000 },
  steps: {
    plan: {
      timeoutMs: MINUTE_MS,
      retries: 2,
      output: z.strictObject({
        /** Names of the partition key and the sort key, if any. */
        keys: z.array(z.string()),
        /** Approximate number of items: DynamoDB updates it every six hours. */
        items: z.int().nonnegative(),
      }),
    },
    // Each retry continues from the checkpoints: at most two and a half hours in all.
    apply: { timeoutMs: 14 * MINUTE_MS, retries: 10 },
  },
  resources: { memoryMb: 1_024, tables: true },
  text: ({ table, dry_run, scanned, changed, already, conflicts }) =>
    `${table}: ${changed} items ${dry_run ? 'would change' : 'changed'}, ${already} needed no change, ` +
    `${conflicts} stayed unchanged after a conflict, of ${scanned} items read.`,
});
