import { stepHandler } from '../../../../lambdas/runner/step-handler.ts';
import { WAV } from '../../media.ts';
import { testAudioContent } from './operation.ts';

export const handler = stepHandler(testAudioContent, {
  answer: async () => ({ wav: WAV }),
});
