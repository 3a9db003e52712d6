/** Reads files of the repository, wherever a script runs. */
import { readFileSync } from 'node:fs';

/** @param file relative to the repository */
export function readSource(file: string): string {
  return readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
}
