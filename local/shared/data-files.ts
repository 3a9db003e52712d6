/** Reads and writes files of the data directory with errors that name the file and the remedy, and locks the directory. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Receives the error that ends the local cloud, such as a write to a full disk. */
export type OnFailure = (error: Error) => void;

/** Returns the error for a file that cannot be used. @param remedy a sentence in the imperative */
export function damaged(file: string, cause: unknown, remedy: string): Error {
  return new Error(`${file} is damaged (${reasonOf(cause)}). ${remedy}`, { cause });
}

/** Returns the error for a file or directory that cannot be written. */
export function notWritten(file: string, cause: unknown): Error {
  return new Error(
    `${file} cannot be written (${reasonOf(cause)}). Free space on the disk and check the permissions, then start the local cloud again: its jobs continue.`,
    { cause },
  );
}

/**
 * Returns the parsed file; undefined when it does not exist.
 * @param isValid whether the value has the expected form
 * @throws Error naming the file and the remedy
 */
export function readJson<T>(file: string, isValid: (value: T) => boolean, remedy: string): T | undefined {
  let value: T;
  try {
    value = JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw damaged(file, error, remedy);
  }
  if (!isObject(value) || !isValid(value)) throw damaged(file, 'unexpected content', remedy);
  return value;
}

/** Replaces a file atomically, even when the process ends meanwhile. @param mode permissions of a new file */
export function replaceFile(file: string, text: string, mode = 0o666): void {
  writeFileSync(`${file}.new`, text, { mode, flush: true });
  renameSync(`${file}.new`, file);
}

/**
 * Locks the directory for as long as this process lives; the system removes the lock of a killed process.
 * @returns a function that removes the lock
 * @throws Error when another local cloud uses the directory
 */
export function lockDirectory(directory: string): () => void {
  const file = join(directory, 'lock');
  let lock: DatabaseSync | undefined;
  try {
    mkdirSync(directory, { recursive: true });
    lock = new DatabaseSync(file);
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock?.close();
    if (/locked/.test(reasonOf(error))) {
      throw new Error(
        `Another local cloud uses ${directory}: stop it, or choose another data directory (LOCAL_CLOUD_DIR).`,
      );
    }
    throw damaged(file, error, 'Delete it, and check the permissions of its directory.');
  }
  return () => lock.close();
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function reasonOf(cause: unknown): string {
  return typeof cause === 'object' && cause && 'message' in cause ? String(cause.message) : String(cause);
}
