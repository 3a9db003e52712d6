/** Checks that an artifact contains the entry points of its package.json. */
import { posix } from 'node:path';
import { json } from 'node:stream/consumers';
import { cutText, OperationError } from 'mcp-async-operations/operation';
import * as z from 'zod';
import { limits } from '../build/limits.ts';
import { openSource } from '../project/read-source.ts';

const MANIFEST = 'package.json';
const MAX_MANIFEST_BYTES = 1024 * 1024;
/** Endings in Node's order, for a name without an ending and for a directory. */
const ENDINGS = ['', '.js', '.json', '.node', '/index.js', '/index.json', '/index.node'];

const manifestSchema = z.object({
  main: z.string().optional(),
  bin: z.union([z.string(), z.record(z.string(), z.string())]).optional(),
});

/** @throws OperationError SMOKE_TEST_FAILED, or an error for an invalid archive */
export async function checkEntryPoints(archive: string, signal: AbortSignal): Promise<void> {
  const bounds = {
    compressedBytes: limits.artifactBytes,
    unpackedBytes: 2 * limits.snapshotBytes,
    entries: 200_000,
  };
  const artifact = await openSource(archive, bounds, signal);
  const manifest = artifact.files.find(({ path }) => path === MANIFEST);
  if (!manifest || manifest.size > MAX_MANIFEST_BYTES) throw broken(`it has no readable ${MANIFEST}`);
  let text: unknown;
  await artifact.read([manifest], async (_file, content) => {
    text = await json(content);
    return false;
  });
  const { success, data } = manifestSchema.safeParse(text);
  if (!success) throw broken(`its ${MANIFEST} has invalid entry points`);
  const { main, bin = {} } = data;
  const isThere = (path: string) =>
    artifact.files.some((file) => file.path === path) || artifact.linkAt(path) !== undefined;
  for (const named of [main ?? [], typeof bin === 'string' ? bin : Object.values(bin)].flat()) {
    const path = posix.normalize(named).replace(/\/$/, '');
    if (!ENDINGS.some((ending) => isThere(posix.normalize(path + ending)))) {
      throw broken(`its ${MANIFEST} names the entry point "${cutText(named, 200)}", which is missing`);
    }
  }
}

function broken(reason: string): OperationError {
  return new OperationError('SMOKE_TEST_FAILED', `The release is broken: ${reason}.`);
}
