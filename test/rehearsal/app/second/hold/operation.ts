/** Defines `hold`, the second version: it has one step more, and another name for the last. */
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
    review: { timeoutMs: 10_000 },
    conclude: { timeoutMs: 10_000 },
  },
});
