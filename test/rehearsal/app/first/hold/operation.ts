/** Defines `hold`, the first version: it waits for an answer, and then ends in the step `finish`. */
import { defineOperation } from 'mcp-async-operations/operation';
import * as z from 'zod';

export const hold = defineOperation({
  name: 'hold',
  title: 'Hold',
  description: 'Waits for an answer.',
  input: z.strictObject({}),
  output: z.strictObject({ version: z.string() }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  execution: { mode: 'job', maxWaitMs: 30_000 },
  steps: {
    ask: { timeoutMs: 10_000, inputTimeoutMs: 600_000 },
    finish: { timeoutMs: 10_000 },
  },
});
