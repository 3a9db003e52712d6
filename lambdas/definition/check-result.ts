/** Checks a result against the output schema of its operation. */
import type * as z from 'zod';
import { AppError, ErrorCode } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import { wellFormed } from '../shared/well-formed.ts';

/**
 * @returns the result as the schema parses it, in well-formed Unicode
 * @throws AppError RESULT_INVALID
 */
export function checkResult(
  { name, output }: { readonly name: string; readonly output?: z.ZodType },
  result: Json,
): Json {
  if (!output) return wellFormed(result);
  const { success, data, error: cause } = output.safeParse(result);
  if (success) return wellFormed(data as Json);
  throw resultInvalid(name, cause);
}

/** @param cause for the log: what does not match */
export function resultInvalid(name: string, cause: unknown): AppError {
  const message = `The result of ${name} does not match its output schema.`;
  return new AppError(ErrorCode.resultInvalid, message, { cause });
}
