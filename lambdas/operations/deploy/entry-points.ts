/** Whether an artifact has what its package.json says that it starts with. */
import { posix } from 'node:path';
import { json } from 'node:stream/consumers';
import { OperationError } from 'mcp-async-operations/operation';
import * as z from 'zod';
import { limits } from '../build/limits.ts';
import { openSource } from '../project/read-source.ts';

const MANIFEST = 'package.json';
const MAX_MANIFEST_BYTES = 1024 * 1024;
/** Node's own order, when a name has no ending or is a directory's. */
const ENDINGS = ['', '.js', '.json', '.node', '/index.js', '/index.json', '/index.node'];

const manifestSchema = z.object({
  main: z.string().optional(),
  bin: z.union([z.string(), z.record(z.string(), z.string())]).optional(),
});

/** @throws OperationError SMOKE_TEST_FAILED, or what is wrong with the archive */
export async function checkEntryPoints(archive: string, signal: AbortSignal): Promise<void> {
  const bounds = {
    compressedBytes: limits.artifactBytes,
    unpackedBytes: 2 * limits.snapshotBytes,
    entries: 200_000,
  };
  const artifact = await openSource(archive, bounds, signal);
  const manifest = artifact.files.find(({ path }) => path === MANIFEST);
  if (!manifest || manifest.size > MAX_MANIFEST_BYTES) throw broken(`it has no ${MANIFEST} that can be read`);
  let text: unknown;
  await artifact.read([manifest], async (_file, content) => {
    text = await json(content);
    return false;
  });
  const { success, data } = manifestSchema.safeParse(text);
  if (!success) throw broken(`its ${MANIFEST} names no entry points that can be read`);
  const { main, bin = {} } = data;
  const isThere = (path: string) =>
    artifact.files.some((file) => file.path === path) || artifact.linkAt(path) !== undefined;
  for (const named of [main ?? [], typeof bin === 'string' ? bin : Object.values(bin)].flat()) {
    const path = posix.normalize(named).replace(/\/$/, '');
    if (!ENDINGS.some((ending) => isThere(posix.normalize(path + ending)))) {
      throw broken(`its ${MANIFEST} starts with "${named.slice(0, 200)}", which is not there`);
    }
  }
}

function broken(reason: string): OperationError {
  return new OperationError('SMOKE_TEST_FAILED', `The release is broken: ${reason}.`);
}
