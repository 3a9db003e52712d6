import { stepHandler } from 'mcp-async-operations/steps';
import * as z from 'zod';
import { hold } from './operation.ts';

export const handler = stepHandler(hold, {
  ask: async ({ requestInput }) => {
    requestInput({ go: { message: 'Go on?', schema: z.object({ go: z.boolean() }) } });
    return null;
  },
  finish: async () => ({ version: 'first' }),
});
