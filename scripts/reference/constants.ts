/** Reads numbers from constants of the sources, also from those that a module does not export. */
import { readSource } from './read-source.ts';

/** @returns the value of `const NAME = 4 * 1024;` @throws Error when the file has no such constant */
export function readConstant(file: string, name: string): number {
  const [, expression] = new RegExp(`const ${name}(?:: number)? = ([\\d_ *]+);`).exec(readSource(file)) ?? [];
  if (expression === undefined)
    throw new Error(`${file} has no constant ${name}. Correct the list of limits.`);
  return expression
    .replaceAll('_', '')
    .split('*')
    .reduce((product, factor) => product * Number(factor), 1);
}
