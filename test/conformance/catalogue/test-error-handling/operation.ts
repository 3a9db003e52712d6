/** Answers with an error. */
import * as z from 'zod';
import { defineOperation } from '../../../../lambdas/definition/define-operation.ts';
import { HARMLESS } from '../../harmless.ts';

export const testErrorHandling = defineOperation({
  name: 'test_error_handling',
  title: 'Error handling',
  description: 'Answers with an error.',
  input: z.object({}),
  output: z.object({}),
  annotations: HARMLESS,
  execution: { mode: 'sync', limitMs: 5_000 },
  steps: { fail: { timeoutMs: 5_000 } },
});
