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

/** Like Node.js and npm, it ignores what is not of the type that they expect. */
const manifestSchema = z.object({
  main: z.string().optional().catch(undefined),
  bin: z
    .union([z.string().transform((path) => [path]), z.array(z.unknown()), z.record(z.string(), z.unknown())])
    .catch([])
    .transform((bin) => Object.values(bin).filter((path) => typeof path === 'string')),
});

/** @throws OperationError SMOKE_TEST_FAILED, or an error for an invalid archive */
export async function checkEntryPoints(archive: string, signal: AbortSignal): Promise<void> {
  const bounds = {
    compressedBytes: limits.artifactBytes,
    unpackedBytes: limits.artifactUnpackedBytes,
    entries: limits.artifactEntries,
  };
  const artifact = await openSource(archive, bounds, signal);
  const manifest = artifact.fileAt(MANIFEST);
  if (!manifest || manifest.size > MAX_MANIFEST_BYTES) throw broken(`it has no readable ${MANIFEST}`);
  let text: unknown;
  await artifact.read([manifest], async (_file, content) => {
    text = await json(content);
    return false;
  });
  const { success, data } = manifestSchema.safeParse(text);
  if (!success) throw broken(`its ${MANIFEST} is not an object`);
  const { main, bin } = data;
  const isThere = (path: string) =>
    artifact.fileAt(path) !== undefined || artifact.linkAt(path) !== undefined;
  for (const named of [...(main ? [main] : []), ...bin]) {
    const path = posix.normalize(named).replace(/\/$/, '');
    if (!ENDINGS.some((ending) => isThere(posix.normalize(path + ending)))) {
      throw broken(`its ${MANIFEST} names the entry point "${cutText(named, 200)}", which is missing`);
    }
  }
}

function broken(reason: string): OperationError {
  return new OperationError('SMOKE_TEST_FAILED', `The release is broken: ${reason}.`);
}
