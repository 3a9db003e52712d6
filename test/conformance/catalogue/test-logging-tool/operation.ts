/** Logs, and tells its caller nothing of it. */
import * as z from 'zod';
import { defineOperation } from '../../../../lambdas/definition/define-operation.ts';
import { HARMLESS } from '../../harmless.ts';

export const testLoggingTool = defineOperation({
  name: 'test_logging_tool',
  title: 'Logging tool',
  description: 'Logs, and tells its caller nothing of it.',
  input: z.object({}),
  output: z.object({ text: z.string() }),
  annotations: HARMLESS,
  execution: { mode: 'sync', limitMs: 5_000 },
  steps: { answer: { timeoutMs: 5_000 } },
  text: ({ text }) => text,
});
