/** Defines the shape of answers, for MCP and the HTTP API. */
import * as z from 'zod';

const KEY = z.string().max(64).describe('The key of the question in input_requests.');

/** One answer. */
export const answerSchema = z.discriminatedUnion('action', [
  z.strictObject({
    action: z.literal('accept'),
    content: z
      .record(z.string(), z.json())
      .default({})
      .describe("The data that the question's schema describes. Leave it out for a url question."),
  }),
  z.strictObject({ action: z.literal('decline') }),
  z.strictObject({ action: z.literal('cancel') }),
]);

/** Answers by the keys of the questions; at least one. */
export const answersSchema = z
  .record(KEY, answerSchema)
  .refine((answers) => Object.keys(answers).length > 0, 'answer at least one question of input_requests.')
  .describe(
    'Answers by the keys of input_requests: `accept` with content that matches the schema (without content for a url that the user opened), `decline` to refuse, or `cancel`.',
  );
