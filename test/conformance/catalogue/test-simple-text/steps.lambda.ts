import { stepHandler } from '../../../../lambdas/runner/step-handler.ts';
import { testSimpleText } from './operation.ts';

export const handler = stepHandler(testSimpleText, {
  answer: async () => ({ text: 'This is a simple text response for testing.' }),
});
