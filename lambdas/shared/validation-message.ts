/** Formats the errors of a caller's input as one line: `url: Invalid URL. limit: Too big.` */
import type * as z from 'zod';
import { shortenText } from './cut-text.ts';

/** Further errors appear after these are fixed. */
const MAX_ISSUES = 5;
/** Per error: a message must not repeat a hundred thousand unknown keys. */
const MAX_CHARACTERS = 300;

export function validationMessage({ issues }: z.ZodError): string {
  return issues
    .slice(0, MAX_ISSUES)
    .map(({ path, message }) =>
      shortenText(`${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`, MAX_CHARACTERS),
    )
    .map((text) => `${text}.`.replace(/\.\.$/, '.'))
    .join(' ');
}
