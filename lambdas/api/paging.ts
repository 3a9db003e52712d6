/** Defines the query parameters of every list: page size and cursor. */
import * as z from 'zod';

const DEFAULT_LIMIT = 20;

/** @param maxLimit the largest page size */
export function pageQuery(maxLimit: number) {
  return z.strictObject({
    limit: z
      .string()
      .regex(/^[1-9]\d{0,3}$/, `must be a whole number from 1 to ${maxLimit}`)
      .transform(Number)
      .refine((limit) => limit <= maxLimit, `must be a whole number from 1 to ${maxLimit}`)
      .default(DEFAULT_LIMIT),
    cursor: z.string().optional(),
  });
}
