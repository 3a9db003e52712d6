/** What is wrong with a caller's input, in one line to mend it by: `url: must be …; limit: too big …`. */
import type * as z from 'zod';

/** A caller who has more wrong than this sees the rest the next time. */
const MAX_ISSUES = 5;
/** Of each: a caller who has sent a hundred thousand unknown keys is not told all of them again. */
const MAX_CHARACTERS = 300;

export function describeIssues({ issues }: z.ZodError): string {
  return issues
    .slice(0, MAX_ISSUES)
    .map(({ path, message }) => shorten(`${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`))
    .map((text) => `${text}.`.replace(/\.\.$/, '.'))
    .join(' ');
}

function shorten(text: string): string {
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS).toWellFormed()}…` : text;
}
