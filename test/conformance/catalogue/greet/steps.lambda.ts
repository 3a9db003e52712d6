import { stepHandler } from '../../../../lambdas/runner/step-handler.ts';
import { greet } from './operation.ts';

export const handler = stepHandler(greet, {
  greet: async ({ input: { name } }) => ({ greeting: `Hello, ${name}!` }),
});
