/** Writes and reads the file through which other programs find the running local cloud. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { LocalCloud } from '../cloud.ts';
import { notWritten } from '../shared/data-files.ts';

export interface RunningCloud extends Pick<LocalCloud, 'url' | 'outputs' | 'environment'> {
  readonly pid: number;
}

/** Returns the data directory: `LOCAL_CLOUD_DIR`, or `.local` in the app's folder. */
export function cloudDirectory(app: string): string {
  return resolve(process.env.LOCAL_CLOUD_DIR ?? join(app, '.local'));
}

/** Returns the cloud that uses the directory; undefined when none runs. Ignores the file of a killed cloud. */
export async function findRunningCloud(directory: string): Promise<RunningCloud | undefined> {
  try {
    const cloud = JSON.parse(await readFile(file(directory), 'utf8')) as RunningCloud;
    process.kill(cloud.pid, 0);
    // The process id may belong to another program by now. A busy cloud responds late.
    await fetch(cloud.url, { signal: AbortSignal.timeout(2_000) }).catch((error) => {
      if (error.name !== 'TimeoutError') throw error;
    });
    return cloud;
  } catch {
    return undefined;
  }
}

/** @throws Error naming the file and the remedy, as on a full disk */
export async function writeCloudFile(
  directory: string,
  { url, outputs, environment }: LocalCloud,
): Promise<void> {
  const cloud: RunningCloud = { pid: process.pid, url, outputs, environment };
  try {
    await mkdir(directory, { recursive: true });
    await writeFile(file(directory), `${JSON.stringify(cloud, null, 2)}\n`, { mode: 0o600 });
  } catch (error) {
    throw notWritten(file(directory), error);
  }
}

export async function removeCloudFile(directory: string): Promise<void> {
  await rm(file(directory), { force: true });
}

function file(directory: string): string {
  return join(directory, 'cloud.json');
}
