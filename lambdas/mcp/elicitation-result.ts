/** What a client sends back when it has asked its user, as an answer: it may add metadata, and content to a decline. */
import type * as z from 'zod';
import { answerInput } from '../jobs/input/answer-schema.ts';
import type { InputAnswer } from '../jobs/job.ts';

export function readElicited(response: unknown): z.ZodSafeParseResult<InputAnswer> {
  const { action, content } = Object(response);
  return answerInput.safeParse(action === 'accept' ? { action, content } : { action });
}
