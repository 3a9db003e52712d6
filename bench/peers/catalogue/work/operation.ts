/** Defines the operation that all peers run: it returns a text after some time. */
import * as z from 'zod';
import { defineOperation } from '../../../../lambdas/definition/define-operation.ts';

export const work = defineOperation({
  name: 'work',
  title: 'Work',
  description: 'Returns the text after so many milliseconds.',
  input: z.object({ text: z.string(), ms: z.int() }),
  output: z.object({ text: z.string() }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  execution: { mode: 'job', maxWaitMs: 30_000 },
  steps: { sleep: { timeoutMs: 60_000, retries: 2 } },
});
