import { setTimeout as delay } from 'node:timers/promises';
import { stepHandler } from '../../../../lambdas/runner/step-handler.ts';
import { AppError, ErrorCode } from '../../../../lambdas/shared/errors.ts';
import { failingJob } from './operation.ts';

export const handler = stepHandler(failingJob, {
  fail: async ({ call, signal }) => {
    call?.handOver(null);
    await delay(1_000, undefined, { signal });
    throw new AppError(ErrorCode.scriptFailed, 'The job failed, as it always does.');
  },
});
