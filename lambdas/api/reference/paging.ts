/** Describes the query parameters of every list. */
import * as z from 'zod';
import { DEFAULT_LIMIT } from '../paging.ts';
import type { PropertyDescription } from './route-description.ts';

/**
 * The handler checks the number in a refinement: a schema of numbers would make its bundle larger. A test compares both.
 * @param what of a page, such as `Jobs`
 */
export function pageParameters(
  what: string,
  maxLimit: number,
): Readonly<Record<'limit' | 'cursor', PropertyDescription>> {
  return {
    limit: {
      description: `${what} on a page.`,
      schema: z.int().min(1).max(maxLimit).default(DEFAULT_LIMIT),
    },
    cursor: { description: 'The `next_cursor` of the previous page. Leave it out for the first page.' },
  };
}
