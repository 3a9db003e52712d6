import { stepHandler } from '../../../../lambdas/runner/step-handler.ts';
import { protocolErrorJob } from './operation.ts';

export const handler = stepHandler(protocolErrorJob, {
  fail: async ({ call }) => {
    call?.handOver(null);
    throw new Error('It broke, as it always does.');
  },
});
