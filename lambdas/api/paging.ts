/** Defines the query parameters of every list: page size and cursor. */
import * as z from 'zod';

export const DEFAULT_LIMIT = 20;

/** @param maxLimit the largest page size */
export function pageQuery(maxLimit: number) {
  const expected = `must be a whole number from 1 to ${maxLimit}`;
  return z.strictObject({
    limit: z
      .string()
      .regex(/^[1-9]\d{0,3}$/, expected)
      .transform(Number)
      .refine((limit) => limit <= maxLimit, expected)
      .default(DEFAULT_LIMIT),
    cursor: z.string().optional(),
  });
}
