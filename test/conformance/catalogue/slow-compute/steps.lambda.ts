import { setTimeout as delay } from 'node:timers/promises';
import { stepHandler } from '../../../../lambdas/runner/step-handler.ts';
import { slowCompute } from './operation.ts';

export const handler = stepHandler(slowCompute, {
  compute: async ({ input: { seconds, label }, call, signal }) => {
    if (seconds > 0) call?.handOver(null);
    await delay(seconds * 1000, undefined, { signal });
    return { text: `${label} took ${seconds} s` };
  },
});
