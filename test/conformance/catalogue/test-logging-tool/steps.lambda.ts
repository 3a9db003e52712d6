import { stepHandler } from '../../../../lambdas/runner/step-handler.ts';
import { testLoggingTool } from './operation.ts';

export const handler = stepHandler(testLoggingTool, {
  answer: async ({ log }) => {
    log.write('Nobody has asked for this.\n');
    return { text: 'Logged.' };
  },
});
