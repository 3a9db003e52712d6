/** What is wrong with a caller's input, in one line to mend it by: `url: must be …; limit: too big …`. */
import type * as z from 'zod';

/** A caller who has more wrong than this sees the rest the next time. */
const MAX_ISSUES = 5;

export function describeIssues({ issues }: z.ZodError): string {
  return issues
    .slice(0, MAX_ISSUES)
    .map(({ path, message }) =>
      `${path.length > 0 ? `${path.join('.')}: ` : ''}${message}.`.replace(/\.\.$/, '.'),
    )
    .join(' ');
}
