/** Asks two things at once, in its job. */
import * as z from 'zod';
import { defineOperation } from '../../../../lambdas/definition/define-operation.ts';
import { BECOMES_A_JOB, HARMLESS } from '../../harmless.ts';

export const multiInput = defineOperation({
  name: 'multi_input',
  title: 'Multi input',
  description: 'Asks for a name and for consent.',
  input: z.object({}),
  output: z.object({ text: z.string() }),
  annotations: HARMLESS,
  execution: BECOMES_A_JOB,
  steps: { ask: { timeoutMs: 10_000, inputTimeoutMs: 60_000 } },
  text: ({ text }) => text,
});
