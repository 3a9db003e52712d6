/** Links codes of errors to their rows in the reference of errors. */
import { errorAnchor } from '../errors.ts';

/** @returns a description whose paragraphs begin with a code, with a link at each code */
export function linkToCodes(description: string): string {
  return description.replaceAll(
    /^`([A-Z][A-Z_]+)`/gm,
    (text, name: string) => `[${text}](errors.md#${errorAnchor(name)})`,
  );
}
