/** Formats the errors of a caller's input as one line: `url: Invalid URL. limit: Too big.` */
import type * as z from 'zod';

/** Further errors appear after these are fixed. */
const MAX_ISSUES = 5;
/** Per error: a message must not repeat a hundred thousand unknown keys. */
const MAX_CHARACTERS = 300;

export function validationMessage({ issues }: z.ZodError): string {
  return issues
    .slice(0, MAX_ISSUES)
    .map(({ path, message }) => shorten(`${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`))
    .map((text) => `${text}.`.replace(/\.\.$/, '.'))
    .join(' ');
}

function shorten(text: string): string {
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS).toWellFormed()}…` : text;
}
