import { stepHandler } from '../../../../lambdas/runner/step-handler.ts';
import { AppError, ErrorCode } from '../../../../lambdas/shared/errors.ts';
import { testErrorHandling } from './operation.ts';

export const handler = stepHandler(testErrorHandling, {
  fail: async () => {
    throw new AppError(ErrorCode.scriptFailed, 'This tool intentionally returns an error for testing');
  },
});
