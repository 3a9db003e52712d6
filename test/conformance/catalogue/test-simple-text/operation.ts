/** Answers with a text. */
import * as z from 'zod';
import { defineOperation } from '../../../../lambdas/definition/define-operation.ts';
import { HARMLESS } from '../../harmless.ts';

export const testSimpleText = defineOperation({
  name: 'test_simple_text',
  title: 'Simple text',
  description: 'Answers with a text.',
  input: z.object({}),
  output: z.object({ text: z.string() }),
  annotations: HARMLESS,
  execution: { mode: 'sync', limitMs: 5_000 },
  steps: { answer: { timeoutMs: 5_000 } },
  text: ({ text }) => text,
});
