/** Finds a directory and a port for a local cloud. An ephemeral one may run beside others. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDirectory } from '../shared/data-files.ts';
import { listenOnLoopback } from '../shared/loopback-server.ts';
import { cloudDirectory, findRunningCloud, removeCloudFile } from './running-cloud.ts';

export interface PlaceOptions {
  /** The folder of the CDK app. */
  readonly app: string;
  readonly port: number;
  /** False for the default port. */
  readonly isPortChosen: boolean;
  /** An identity provider listens on the next port. */
  readonly auth: boolean;
  readonly ephemeral: boolean;
}

export interface Place {
  readonly directory: string;
  /** 0: any free port. */
  readonly port: number;
  /** Call it after the cloud has stopped. */
  leave(): Promise<void>;
}

/** @throws Error when another local cloud uses the directory, unless this one is ephemeral */
export async function takePlace(options: PlaceOptions): Promise<Place> {
  const { port, isPortChosen, ephemeral } = options;
  if (!ephemeral) return { port, ...(await takeDirectory(options)) };
  const own = await takeDirectory(options).catch(() => undefined);
  if (own) return { port: isPortChosen || (await areFree(options)) ? port : 0, ...own };
  // Nothing in it outlives the cloud. The cloud that has the other directory takes the default port.
  const directory = await mkdtemp(join(tmpdir(), 'mcp-async-operations-'));
  const leave = () => rm(directory, { recursive: true, force: true });
  return { port: isPortChosen ? port : 0, directory, leave };
}

/** @throws Error when another local cloud uses the directory */
async function takeDirectory({ app, ephemeral }: PlaceOptions): Promise<Omit<Place, 'port'>> {
  const directory = cloudDirectory(app);
  const running = await findRunningCloud(directory);
  if (running) {
    throw new Error(
      `A local cloud already runs on ${directory} (process ${running.pid}, ${running.url}): stop it, set LOCAL_CLOUD_DIR to another directory, or add --ephemeral.`,
    );
  }
  // Before the synthesis replaces the assembly: a cloud that another program has started has no file there.
  const unlock = lockDirectory(directory);
  // A cloud with data locks its directory itself.
  if (!ephemeral) unlock();
  return {
    directory,
    leave: async () => {
      await removeCloudFile(directory);
      if (ephemeral) unlock();
    },
  };
}

async function areFree({ port, auth }: PlaceOptions): Promise<boolean> {
  const free = await Promise.all((auth ? [port, port + 1] : [port]).map(isFree));
  return free.every(Boolean);
}

async function isFree(port: number): Promise<boolean> {
  const server = await listenOnLoopback(() => {}, { port }).catch(() => undefined);
  await server?.close();
  return server !== undefined;
}
