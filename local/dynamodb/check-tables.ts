/** Checks the files of the tables before they are used: LevelDB itself drops what it cannot read, or starts empty. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { damaged } from '../shared/data-files.ts';

interface LevelDatabase {
  open(): Promise<void>;
  iterator(): AsyncIterable<readonly [string, unknown]>;
  close(): Promise<void>;
}

/** The database of dynalite. */
const { Level } = createRequire(createRequire(import.meta.url).resolve('dynalite'))('level') as {
  readonly Level: new (path: string, options: { readonly valueEncoding: 'json' }) => LevelDatabase;
};

const REMEDY = 'Restore the directory from a copy, or delete the data directory to start with empty tables.';

/** @throws Error naming the directory or the file, and the remedy */
export async function checkTables(directory: string): Promise<void> {
  const hasTables = existsSync(directory) && readdirSync(directory).some((name) => /\.(ldb|log)$/.test(name));
  // Without this file, LevelDB would delete all others.
  if (hasTables && !existsSync(join(directory, 'CURRENT'))) throw damaged(directory, 'no CURRENT', REMEDY);
  const database = new Level(directory, { valueEncoding: 'json' });
  try {
    await database.open();
    for await (const _ of database.iterator());
  } catch (error) {
    const { cause } = error as Error;
    throw damaged(directory, cause ?? error, REMEDY);
  } finally {
    await database.close();
  }
  const [dropped] = /\S+: dropping \d+ bytes.*/.exec(readFileSync(join(directory, 'LOG'), 'utf8')) ?? [];
  if (dropped) {
    const remedy = 'Restore the directory from a copy, or start again without the lost changes.';
    throw damaged(directory, dropped, remedy);
  }
}
