/** Parses a client's elicitation result as an answer. Ignores metadata, and content that comes with a decline. */
import type * as z from 'zod';
import { answerSchema } from '../jobs/input/answer-schema.ts';
import type { InputAnswer } from '../jobs/job.ts';

export function readElicitationResult(response: unknown): z.ZodSafeParseResult<InputAnswer> {
  const { action, content } = Object(response);
  return answerSchema.safeParse(action === 'accept' ? { action, content } : { action });
}
