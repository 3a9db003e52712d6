/** Finds damaged files of the storage: its database of queues and topics, and the descriptions of objects. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { damaged } from '../shared/data-files.ts';

const DATABASE_REMEDY =
  'Restore it from a copy, or delete it to start with empty queues: messages that were not received are lost.';
const OBJECT_REMEDY = 'Restore it from a copy, or delete it to start without this object.';

/** @throws Error naming the database and the remedy */
export function checkStorage(directory: string): void {
  const file = join(directory, 'fauxqs.db');
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

/** Returns the error for the first description of an object that is not JSON; undefined when all are. */
export function damagedStorage(directory: string): Error | undefined {
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (!entry.isFile() || !file.endsWith('.json')) continue;
    try {
      JSON.parse(readFileSync(file, 'utf8'));
    } catch (error) {
      return damaged(file, error, OBJECT_REMEDY);
    }
  }
  return undefined;
}
