/** Answers with an image. */
import * as z from 'zod';
import { defineOperation } from '../../../../lambdas/definition/define-operation.ts';
import { HARMLESS } from '../../harmless.ts';

export const testImageContent = defineOperation({
  name: 'test_image_content',
  title: 'Image',
  description: 'Answers with an image.',
  input: z.object({}),
  output: z.object({ png: z.string() }),
  annotations: HARMLESS,
  execution: { mode: 'sync', limitMs: 5_000 },
  steps: { answer: { timeoutMs: 5_000 } },
  content: ({ png }) => [{ type: 'image', data: png, mimeType: 'image/png' }],
});
