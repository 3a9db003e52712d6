import * as z from 'zod';
import { stepHandler } from '../../../../lambdas/runner/step-handler.ts';
import { multiInput } from './operation.ts';

export const handler = stepHandler(multiInput, {
  ask: async ({ call, requestInput }) => {
    call?.handOver(null);
    const { name, consent } = requestInput({
      name: { message: 'What is your name?', schema: z.object({ name: z.string() }) },
      consent: { message: 'May it go on?', schema: z.object({ confirm: z.boolean() }) },
    });
    return { text: `${name.action}, ${consent.action}` };
  },
});
