/** Finds damaged files of the storage: its database of queues and topics, and the descriptions of objects. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { damaged, readJson } from '../shared/data-files.ts';

const DATABASE_REMEDY =
  'Restore it from a copy, or delete it to start with empty queues: messages that were not received are lost.';
const OBJECT_REMEDY = 'Restore it from a copy, or delete it to start without this object.';

/** @throws Error naming the first damaged file and the remedy */
export function checkStorage(directory: string): void {
  checkDatabase(join(directory, 'fauxqs.db'));
  checkObjects(join(directory, 'objects'));
}

function checkDatabase(file: string): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) return;
  // SQLite would take it for a new database.
  if (size === 0) throw damaged(file, 'it is empty', DATABASE_REMEDY);
  let database: DatabaseSync | undefined;
  let state: unknown;
  try {
    database = new DatabaseSync(file);
    state = database.prepare('PRAGMA quick_check').get()?.quick_check;
  } catch (error) {
    state = error;
  } finally {
    database?.close();
  }
  if (state !== 'ok') throw damaged(file, state, DATABASE_REMEDY);
}

/** An object has a description, and a file with its content: a write that was cut off leaves them unlike. */
function checkObjects(directory: string): void {
  if (!existsSync(directory)) return;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (!entry.isFile() || !file.endsWith('.json')) continue;
    const described = readJson<{ readonly contentLength?: number }>(file, () => true, OBJECT_REMEDY);
    if (described?.contentLength === undefined) continue;
    const content = file.replace(/\.meta\.json$/, '.data');
    const size = statSync(content, { throwIfNoEntry: false })?.size ?? 'no';
    if (size === described.contentLength) continue;
    throw damaged(file, `${described.contentLength} bytes expected, ${content} has ${size}`, OBJECT_REMEDY);
  }
}
