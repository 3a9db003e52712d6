import * as z from 'zod';
import { stepHandler } from '../../../../lambdas/runner/step-handler.ts';
import { testToolWithTask } from './operation.ts';

export const handler = stepHandler(testToolWithTask, {
  greet: async ({ call, requestInput }) => {
    const { user_name } = requestInput({
      user_name: { message: 'What is your name?', schema: z.object({ name: z.string() }) },
    });
    call?.handOver(null);
    return { text: `Hello, ${user_name.action === 'accept' ? user_name.content.name : 'stranger'}!` };
  },
});
