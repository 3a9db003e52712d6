import * as z from 'zod';
import { stepHandler } from '../../../../lambdas/operations/step-handler.ts';
import { testStreamingElicitation } from './operation.ts';

export const handler = stepHandler(testStreamingElicitation, {
  greet: async ({ requestInput }) => {
    const { user_name } = requestInput({
      user_name: { message: 'What is your name?', schema: z.object({ name: z.string() }) },
    });
    return { text: `Hello, ${user_name.action === 'accept' ? user_name.content.name : 'stranger'}!` };
  },
});
