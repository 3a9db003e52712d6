/** Answers with a sound. */
import * as z from 'zod';
import { defineOperation } from '../../../../lambdas/definition/define-operation.ts';
import { HARMLESS } from '../../harmless.ts';

export const testAudioContent = defineOperation({
  name: 'test_audio_content',
  title: 'Audio',
  description: 'Answers with a sound.',
  input: z.object({}),
  output: z.object({ wav: z.string() }),
  annotations: HARMLESS,
  execution: { mode: 'sync', limitMs: 5_000 },
  steps: { answer: { timeoutMs: 5_000 } },
  content: ({ wav }) => [{ type: 'audio', data: wav, mimeType: 'audio/wav' }],
});
