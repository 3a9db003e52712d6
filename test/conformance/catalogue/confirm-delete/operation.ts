/** Asks once, in its job. */
import * as z from 'zod';
import { defineOperation } from '../../../../lambdas/definition/define-operation.ts';
import { BECOMES_A_JOB, HARMLESS } from '../../harmless.ts';

export const confirmDelete = defineOperation({
  name: 'confirm_delete',
  title: 'Confirm delete',
  description: 'Asks before it would delete a file.',
  input: z.object({ filename: z.string() }),
  output: z.object({ text: z.string() }),
  annotations: HARMLESS,
  execution: BECOMES_A_JOB,
  steps: { confirm: { timeoutMs: 10_000, inputTimeoutMs: 60_000 } },
  text: ({ text }) => text,
});
