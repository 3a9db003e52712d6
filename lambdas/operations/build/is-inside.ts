/** Tells whether a path is a directory or lies below it. */
import { sep } from 'node:path';

/** @param directory absolute, like the path, and without a separator at its end */
export function isInside(directory: string, path: string): boolean {
  return path === directory || path.startsWith(directory + sep);
}
