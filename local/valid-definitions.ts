/**
 * Remembers on disk which state machine definitions are valid. The library compiles the JSON schema of Amazon States
 * Language for each check, which takes about 0.1 s of CPU time.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CACHE = fileURLToPath(new URL('../node_modules/.cache/valid-state-machines/', import.meta.url));
const { devDependencies } = createRequire(import.meta.url)('../package.json');
const VERSION = devDependencies['aws-local-stepfunctions'];

/** The file that exists when this version of the library found the definition valid. */
function markerOf(definition: string): string {
  return join(CACHE, createHash('sha256').update(`${VERSION}\n${definition}`).digest('hex'));
}

export function isKnownValid(definition: string): boolean {
  return existsSync(markerOf(definition));
}

/** Does nothing when the directory is not writable: the next start then checks again. */
export function rememberValid(definition: string): void {
  try {
    mkdirSync(CACHE, { recursive: true });
    writeFileSync(markerOf(definition), '');
  } catch {}
}
