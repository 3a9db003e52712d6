/** Stores executions on disk, one file each, so that a restart resumes running ones. */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface ExecutionRecord {
  readonly arn: string;
  readonly machineArn: string;
  readonly name: string;
  readonly input: string;
  readonly status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  /** Milliseconds since 1970, as is `stopDate`. */
  readonly startDate: number;
  readonly stopDate?: number;
  readonly output?: string;
  readonly error?: string;
  readonly cause?: string;
}

/** AWS deletes executions 90 days after their end. */
const RETENTION_MS = 90 * 24 * 60 * 60_000;

export interface ExecutionStore {
  load(): Promise<ExecutionRecord[]>;
  save(record: ExecutionRecord): Promise<void>;
}

/** @param directory for `<directory>/<machine>/<execution>.json`; undefined stores nothing */
export function createExecutionStore(directory?: string): ExecutionStore {
  if (!directory) return { load: async () => [], save: async () => {} };
  return {
    async load() {
      const entries = await readdir(directory, { recursive: true }).catch(() => []);
      const files = entries.filter((entry) => entry.endsWith('.json')).map((entry) => join(directory, entry));
      const records: ExecutionRecord[] = [];
      for (const file of files) {
        const record = JSON.parse(await readFile(file, 'utf8')) as ExecutionRecord;
        if ((record.stopDate ?? Date.now()) < Date.now() - RETENTION_MS) await rm(file);
        else records.push(record);
      }
      return records;
    },
    async save(record) {
      const [machine = ''] = record.arn.split(':').slice(-2);
      const file = join(directory, machine, `${record.name}.json`);
      await mkdir(dirname(file), { recursive: true });
      // Replaces the file atomically.
      await writeFile(`${file}.${record.status}`, JSON.stringify(record));
      await rename(`${file}.${record.status}`, file);
    },
  };
}
