import { stepHandler } from '../../../../lambdas/runner/step-handler.ts';
import { PNG } from '../../media.ts';
import { testImageContent } from './operation.ts';

export const handler = stepHandler(testImageContent, {
  answer: async () => ({ png: PNG }),
});
