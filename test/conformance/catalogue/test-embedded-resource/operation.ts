/** Answers with a resource. */
import * as z from 'zod';
import { defineOperation } from '../../../../lambdas/definition/define-operation.ts';
import { HARMLESS } from '../../harmless.ts';

export const testEmbeddedResource = defineOperation({
  name: 'test_embedded_resource',
  title: 'Embedded resource',
  description: 'Answers with a resource.',
  input: z.object({}),
  output: z.object({ text: z.string() }),
  annotations: HARMLESS,
  execution: { mode: 'sync', limitMs: 5_000 },
  steps: { answer: { timeoutMs: 5_000 } },
  content: ({ text }) => [
    { type: 'resource', resource: { uri: 'test://embedded-resource', mimeType: 'text/plain', text } },
  ],
});
