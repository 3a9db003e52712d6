/** Answers at once. */
import * as z from 'zod';
import { defineOperation } from '../../../../lambdas/definition/define-operation.ts';
import { HARMLESS } from '../../harmless.ts';

export const greet = defineOperation({
  name: 'greet',
  title: 'Greet',
  description: 'Greets whoever is named.',
  input: z.object({ name: z.string().default('World') }),
  output: z.object({ greeting: z.string() }),
  annotations: HARMLESS,
  execution: { mode: 'sync', limitMs: 5_000 },
  steps: { greet: { timeoutMs: 5_000 } },
  text: ({ greeting }) => greeting,
});
