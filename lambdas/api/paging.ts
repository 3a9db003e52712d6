/** The query parameters of every listing: how much, and from where. */
import * as z from 'zod';

const DEFAULT_LIMIT = 20;

/** @param maxLimit the most that one page may hold */
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
