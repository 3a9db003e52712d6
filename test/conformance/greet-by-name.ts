/** A step that asks for a name, and greets it. */
import * as z from 'zod';
import type { Step } from '../../lambdas/definition/step-context.ts';

export const greetByName: Step = async ({ requestInput }) => {
  const { user_name } = requestInput({
    user_name: { message: 'What is your name?', schema: z.object({ name: z.string() }) },
  });
  return { text: `Hello, ${user_name.action === 'accept' ? user_name.content.name : 'stranger'}!` };
};
