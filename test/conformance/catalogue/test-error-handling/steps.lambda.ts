import { stepHandler } from '../../../../lambdas/runner/step-handler.ts';
import { OperationError } from '../../../../lambdas/shared/errors.ts';
import { testErrorHandling } from './operation.ts';

export const handler = stepHandler(testErrorHandling, {
  fail: async () => {
    throw new OperationError('SCRIPT_FAILED', 'This tool intentionally returns an error for testing');
  },
});
