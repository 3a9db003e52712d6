import { stepHandler } from '../../../../lambdas/runner/step-handler.ts';
import { PNG } from '../../media.ts';
import { testMultipleContentTypes } from './operation.ts';

export const handler = stepHandler(testMultipleContentTypes, {
  answer: async () => ({ png: PNG }),
});
