/** Asks while its caller waits, and answers. */
import * as z from 'zod';
import { defineOperation } from '../../../../lambdas/definition/define-operation.ts';
import { HARMLESS } from '../../harmless.ts';

export const testInputRequiredResultElicitation = defineOperation({
  name: 'test_input_required_result_elicitation',
  title: 'Elicitation',
  description: 'Asks for a name, and greets it.',
  input: z.object({}),
  output: z.object({ text: z.string() }),
  annotations: HARMLESS,
  execution: { mode: 'sync', limitMs: 5_000 },
  steps: { greet: { timeoutMs: 5_000, inputTimeoutMs: 60_000 } },
  text: ({ text }) => text,
});
