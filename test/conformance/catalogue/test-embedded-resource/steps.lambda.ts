import { stepHandler } from '../../../../lambdas/runner/step-handler.ts';
import { testEmbeddedResource } from './operation.ts';

export const handler = stepHandler(testEmbeddedResource, {
  answer: async () => ({ text: 'This is an embedded resource content.' }),
});
