/** Runs the step of the operation `work`. */
import { setTimeout as delay } from 'node:timers/promises';
import { stepHandler } from '../../../../lambdas/runner/step-handler.ts';
import { work } from './operation.ts';

export const handler = stepHandler(work, {
  sleep: async ({ input: { text, ms }, signal }) => {
    await delay(ms, undefined, { signal });
    return { text };
  },
});
