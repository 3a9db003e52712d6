/** Opens archives that a server compressed once more for the transfer, although the request refuses that. */
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, gunzipSync } from 'node:zlib';
import { readHead } from '../project/read-head.ts';
import { sourceLimits } from '../project/source-limits.ts';
import { tooLarge } from './parts.ts';

/** Enough for the header of the inner file; it expands to one MiB at most. */
const HEAD_BYTES = 1_024;

/**
 * @param archive path of a file
 * @returns the archive; the path of its content beside it when it is a gzip file within a gzip file
 * @throws OperationError SOURCE_TOO_LARGE for a content above the limit of an archive
 */
export async function unwrap(archive: string, signal: AbortSignal): Promise<string> {
  if (!isGzip(contentOf(await readHead(archive, HEAD_BYTES)))) return archive;
  const inner = `${archive}.inner`;
  await pipeline(createReadStream(archive), createGunzip(), limit, createWriteStream(inner), { signal });
  return inner;
}

async function* limit(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > sourceLimits.compressedBytes) throw tooLarge();
    yield chunk;
  }
}

/** @returns the start of what was compressed; empty for a file that is not gzip */
function contentOf(head: Buffer): Buffer {
  if (!isGzip(head)) return Buffer.alloc(0);
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return Buffer.alloc(0);
  }
}

function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}
