/**
 * Caches on disk which state machine definitions are valid. For each check, the library compiles a JSON schema of Amazon States
 * Language, which takes about 0.1 s of CPU time.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CACHE = join(tmpdir(), 'mcp-async-operations', 'valid-state-machines');
const library = createRequire(import.meta.url).resolve('aws-local-stepfunctions');
/** Changes with each version and each installation of the library, so that definitions are checked again. */
const VERSION = `${library} ${statSync(library).mtimeMs}`;

/** ARNs of functions. Definitions that differ only in them are equally valid. */
const FUNCTION_ARN = /arn:aws:lambda:[\w:-]+/g;

/** Returns the path of the file that marks a definition as valid for this version of the library. */
function markerOf(definition: string): string {
  const text = definition.replaceAll(FUNCTION_ARN, 'arn:aws:lambda');
  return join(CACHE, createHash('sha256').update(`${VERSION}\n${text}`).digest('hex'));
}

export function isKnownValid(definition: string): boolean {
  return existsSync(markerOf(definition));
}

/** Does nothing when the directory is not writable; the next start checks again. */
export function rememberValid(definition: string): void {
  try {
    mkdirSync(CACHE, { recursive: true });
    writeFileSync(markerOf(definition), '');
  } catch {}
}
