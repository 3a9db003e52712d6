/** Stores executions on disk, one file each, so that a restart resumes running ones. */
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { damaged, notWritten, type OnFailure, readJson } from '../shared/data-files.ts';
import type { StateEntered } from './state-machine.ts';

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
  /** The last state that an ended execution has entered, with its input. */
  readonly lastEntered?: StateEntered;
}

/** AWS deletes executions 90 days after their end. */
const RETENTION_MS = 90 * 24 * 60 * 60_000;

export interface ExecutionStore {
  load(): Promise<ExecutionRecord[]>;
  save(record: ExecutionRecord): Promise<void>;
}

const REMEDY = 'Restore it from a copy, or delete it: its job then ends as failed within six minutes.';

/**
 * @param directory for `<directory>/<machine>/<execution>.json`; undefined stores nothing
 * @param onFailure receives a failed write. The write then never ends, so that nobody relies on it.
 */
export function createExecutionStore(directory: string | undefined, onFailure: OnFailure): ExecutionStore {
  if (!directory) return { load: async () => [], save: async () => {} };
  return {
    /** @throws Error naming a damaged file and the remedy */
    async load() {
      const records: ExecutionRecord[] = [];
      for (const file of await filesIn(directory)) {
        // A write that was cut off before it was acknowledged.
        if (!file.endsWith('.json')) await rm(file);
        else {
          const record = readJson(file, isRecord, REMEDY);
          if (!record) continue;
          if ((record.stopDate ?? Date.now()) < Date.now() - RETENTION_MS) await rm(file);
          else records.push(record);
        }
      }
      return records;
    },
    async save(record) {
      const [machine = ''] = record.arn.split(':').slice(-2);
      const file = join(directory, machine, `${record.name}.json`);
      try {
        await mkdir(dirname(file), { recursive: true });
        // Replaces the file atomically.
        await writeFile(`${file}.${record.status}`, JSON.stringify(record), { flush: true });
        await rename(`${file}.${record.status}`, file);
      } catch (error) {
        onFailure(notWritten(file, error));
        await new Promise(() => {});
      }
    },
  };
}

async function filesIn(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    return entries.flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw damaged(directory, error, 'Check its permissions, or delete it to start without executions.');
  }
}

function isRecord({ arn, machineArn, name, input, status, startDate }: ExecutionRecord): boolean {
  const texts = [arn, machineArn, name, input, status];
  return texts.every((text) => typeof text === 'string') && typeof startDate === 'number' && isJson(input);
}

/** Returns whether a text is JSON. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
