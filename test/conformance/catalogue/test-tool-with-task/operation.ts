/** Asks while its caller waits, and goes on as a job. */
import * as z from 'zod';
import { defineOperation } from '../../../../lambdas/definition/define-operation.ts';
import { BECOMES_A_JOB, HARMLESS } from '../../harmless.ts';

export const testToolWithTask = defineOperation({
  name: 'test_tool_with_task',
  title: 'Tool with a task',
  description: 'Asks for a name, then greets it at leisure.',
  input: z.object({}),
  output: z.object({ text: z.string() }),
  annotations: HARMLESS,
  execution: BECOMES_A_JOB,
  requiresTasks: true,
  steps: { greet: { timeoutMs: 10_000, inputTimeoutMs: 60_000 } },
  text: ({ text }) => text,
});
