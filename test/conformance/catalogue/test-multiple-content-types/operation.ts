/** Answers with a text, an image and a resource. */
import * as z from 'zod';
import { defineOperation } from '../../../../lambdas/definition/define-operation.ts';
import { HARMLESS } from '../../harmless.ts';

export const testMultipleContentTypes = defineOperation({
  name: 'test_multiple_content_types',
  title: 'Multiple content types',
  description: 'Answers with a text, an image and a resource.',
  input: z.object({}),
  output: z.object({ png: z.string() }),
  annotations: HARMLESS,
  execution: { mode: 'sync', limitMs: 5_000 },
  steps: { answer: { timeoutMs: 5_000 } },
  text: () => 'Multiple content types test:',
  content: ({ png }) => [
    { type: 'image', data: png, mimeType: 'image/png' },
    {
      type: 'resource',
      resource: {
        uri: 'test://mixed-content-resource',
        mimeType: 'application/json',
        text: '{"test":"data"}',
      },
    },
  ],
});
