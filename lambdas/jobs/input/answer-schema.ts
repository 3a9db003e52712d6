/** Answers as callers give them, over MCP and plain HTTP alike. */
import * as z from 'zod';

const KEY = z.string().max(64).describe('The key of the question in input_requests.');

/** One answer. */
export const answerInput = z.discriminatedUnion('action', [
  z.strictObject({
    action: z.literal('accept'),
    content: z
      .record(z.string(), z.json())
      .default({})
      .describe("What was asked for, as the question's schema has it; nothing for a url."),
  }),
  z.strictObject({ action: z.literal('decline') }),
  z.strictObject({ action: z.literal('cancel') }),
]);

export const answersInput = z
  .record(KEY, answerInput)
  .refine((answers) => Object.keys(answers).length > 0, 'name at least one question of input_requests.')
  .describe(
    'By the keys of input_requests: `accept` with the content that the schema asks for (of a url without: the user has opened it), `decline` to say no, or `cancel`.',
  );
