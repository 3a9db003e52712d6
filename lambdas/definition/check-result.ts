/** Whether a result is what its operation promises. */
import type * as z from 'zod';
import { AppError, ErrorCode } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';

/** @returns the result as the schema has it; as it is, where nothing is promised @throws AppError RESULT_INVALID */
export function checkedResult(
  { name, output }: { readonly name: string; readonly output?: z.ZodType },
  result: Json,
): Json {
  if (!output) return result;
  const { success, data, error: cause } = output.safeParse(result);
  if (success) return data as Json;
  throw new AppError(ErrorCode.resultInvalid, `The result of ${name} does not match its output schema.`, {
    cause,
  });
}
