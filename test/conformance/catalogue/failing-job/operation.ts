/** Fails, as a tool does: it says what went wrong. */
import * as z from 'zod';
import { defineOperation } from '../../../../lambdas/definition/define-operation.ts';
import { BECOMES_A_JOB, HARMLESS } from '../../harmless.ts';

export const failingJob = defineOperation({
  name: 'failing_job',
  title: 'Failing job',
  description: 'Fails after a second.',
  input: z.object({}),
  output: z.object({}),
  annotations: HARMLESS,
  execution: BECOMES_A_JOB,
  requiresTasks: true,
  steps: { fail: { timeoutMs: 10_000 } },
});
