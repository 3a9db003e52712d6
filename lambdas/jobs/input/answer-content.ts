/** Validates the content of an accepted answer by the schema of its question. */
import * as z from 'zod';
import { normalizeArguments } from '../../shared/normalize-arguments.ts';
import { isUrl, type QuestionRequest } from '../job.ts';

/** Clients that fill a form send null for the fields that the user left out. */
export function parseContent(request: QuestionRequest, content: unknown) {
  const schema = isUrl(request) ? z.strictObject({}) : z.fromJSONSchema(request.schema);
  const normal = normalizeArguments(schema, content);
  return { ...schema.safeParse(normal), normal };
}
