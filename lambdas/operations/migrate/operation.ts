/** The operation `migrate`: one change of many items of a table that the operator has allowed, none of them changed twice. */

import { defineOperation } from 'mcp-async-operations/operation';
import * as z from 'zod';

const MINUTE_MS = 60_000;
/** An expression of DynamoDB holds far more; a change that a person has thought through does not. */
const MAX_ATTRIBUTES = 10;

const attribute = z.string().min(1).max(255);
const value = z.union([z.string().max(1_024), z.number(), z.boolean()]);
const values = z
  .record(attribute, value)
  .refine(
    (given) => Object.keys(given).length <= MAX_ATTRIBUTES,
    `name at most ${MAX_ATTRIBUTES} attributes.`,
  )
  .default({});

const input = z.strictObject({
  table: z
    .string()
    .regex(/^[a-zA-Z0-9_.-]{3,255}$/, 'table must be the name of a DynamoDB table, such as "orders".')
    .describe('The name of a table that the operator has allowed.'),
  set: values.describe('Attributes and the values they get.'),
  remove: z.array(attribute).max(MAX_ATTRIBUTES).default([]).describe('Attributes that are taken away.'),
  rename: z
    .record(attribute, attribute)
    .refine(
      (given) => Object.keys(given).length <= MAX_ATTRIBUTES,
      `name at most ${MAX_ATTRIBUTES} attributes.`,
    )
    .default({})
    .describe('Attributes and their new names. An item that has both is left as it is.'),
  where: values.describe('Only items whose attributes have these values; without it, all.'),
  dry_run: z.boolean().default(false).describe('Counts what would be changed, and changes nothing.'),
});
export type MigrateInput = z.output<typeof input>;

const count = z.int().nonnegative();
const output = z.strictObject({
  table: z.string(),
  dry_run: z.boolean(),
  scanned: count.describe('Items looked at.'),
  matched: count.describe('Those that `where` holds for.'),
  changed: count.describe('Of these: changed; of a dry run, those that would be.'),
  already: count.describe(
    'Of these: as they should be. What an attempt that was cut off had changed of its last page is among them.',
  ),
  conflicts: count.describe(
    'Of these: left alone, having both names of a rename, or changed by somebody else meanwhile.',
  ),
});
export type MigrateOutput = z.output<typeof output>;
export type Counts = Pick<MigrateOutput, 'scanned' | 'matched' | 'changed' | 'already' | 'conflicts'>;

export const migrate = defineOperation({
  name: 'migrate',
  title: 'Migrate',
  description:
    'Changes attributes of many items of a DynamoDB table: sets, removes and renames them. Each item is changed by one ' +
    'conditional write, so that it can be killed and started again. Begin with dry_run.',
  input,
  output,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  execution: { mode: 'job', maxWaitMs: 30_000 },
  steps: {
    plan: {
      timeoutMs: MINUTE_MS,
      retries: 2,
      output: z.strictObject({
        /** The partition key, and the sort key if there is one. */
        keys: z.array(z.string()),
        /** About as many: DynamoDB counts every six hours. */
        items: z.int().nonnegative(),
      }),
    },
    // Each retry goes on from the checkpoint: two and a half hours at most.
    apply: { timeoutMs: 14 * MINUTE_MS, retries: 10 },
  },
  resources: { memoryMb: 1_024, tables: true },
  text: ({ table, dry_run, scanned, changed, already, conflicts }) =>
    `${table}: ${changed} items ${dry_run ? 'would be' : 'were'} changed, ${already} were as they should be, ` +
    `${conflicts} were left alone, of ${scanned} looked at.`,
});
