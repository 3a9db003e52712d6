/** Fails as no tool should: it does not say what went wrong. */
import * as z from 'zod';
import { defineOperation } from '../../../../lambdas/definition/define-operation.ts';
import { BECOMES_A_JOB, HARMLESS } from '../../harmless.ts';

export const protocolErrorJob = defineOperation({
  name: 'protocol_error_job',
  title: 'Protocol error job',
  description: 'Breaks.',
  input: z.object({}),
  output: z.object({}),
  annotations: HARMLESS,
  execution: BECOMES_A_JOB,
  steps: { fail: { timeoutMs: 10_000 } },
});
