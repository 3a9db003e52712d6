import { setTimeout as delay } from 'node:timers/promises';
import { stepHandler } from '../../../../lambdas/runner/step-handler.ts';
import { OperationError } from '../../../../lambdas/shared/errors.ts';
import { failingJob } from './operation.ts';

export const handler = stepHandler(failingJob, {
  fail: async ({ call, signal }) => {
    call?.handOver(null);
    await delay(1_000, undefined, { signal });
    throw new OperationError('SCRIPT_FAILED', 'The job failed, as it always does.');
  },
});
