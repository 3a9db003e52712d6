/** Takes as long as it is told, and becomes a job unless that is no time at all. */
import * as z from 'zod';
import { defineOperation } from '../../../../lambdas/definition/define-operation.ts';
import { BECOMES_A_JOB, HARMLESS } from '../../harmless.ts';

export const slowCompute = defineOperation({
  name: 'slow_compute',
  title: 'Slow compute',
  description: 'Computes for so many seconds.',
  input: z.object({ seconds: z.number().min(0).max(120).default(0), label: z.string().default('') }),
  output: z.object({ text: z.string() }),
  annotations: HARMLESS,
  execution: BECOMES_A_JOB,
  steps: { compute: { timeoutMs: 150_000 } },
  text: ({ text }) => text,
});
