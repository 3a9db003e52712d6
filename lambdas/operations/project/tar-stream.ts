/** Moves gzipped tar archives between files, streams and node-tar, with a limit on the output bytes. */

import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type { Parser } from 'tar';

/** A limit on output bytes. */
export interface Bound {
  readonly maxBytes: number;
  /** Error for the first byte beyond `maxBytes`. */
  readonly tooLarge: Error;
}

/** Path of a file, or a stream of its bytes. */
export type Archive = string | AsyncIterable<Buffer>;

/** Four times zlib's default: unpacking is mostly small writes. */
const CHUNK_BYTES = 64 * 1024;

/**
 * Feeds an archive to a parser. It decompresses with Node.js instead of node-tar. So it counts every byte before the parser
 * sees it, and two parsers of the same file see the same bytes.
 * @throws the error of the parser or of zlib, or `tooLarge`.
 */
export async function feed(
  parser: Parser,
  archive: Archive,
  bound: Bound,
  signal: AbortSignal,
): Promise<void> {
  // `once` alone is not enough: node-tar also emits errors during writes, when no code awaits them.
  let failure: unknown;
  parser.on('error', (error: unknown) => {
    failure ??= error;
  });
  const closed = once(parser, 'close');
  closed.catch(() => {});

  await pipeline(
    typeof archive === 'string' ? createReadStream(archive) : archive,
    createGunzip({ chunkSize: CHUNK_BYTES }),
    meter(bound),
    async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) {
        const ready = parser.write(chunk);
        if (failure) throw failure;
        if (!ready) await once(parser, 'drain', { signal });
      }
    },
    { signal },
  );
  parser.end();
  if (failure) throw failure;
  await closed;
}

/** Writes an archive, gzipped, into a new file that only its owner can read. */
export async function writeArchive(
  archive: AsyncIterable<Buffer>,
  file: string,
  { level, bound, signal }: { readonly level: number; readonly bound: Bound; readonly signal: AbortSignal },
): Promise<void> {
  await pipeline(
    Readable.from(archive),
    createGzip({ level }),
    meter(bound),
    createWriteStream(file, { mode: 0o600 }),
    { signal },
  );
}

function meter({ maxBytes, tooLarge }: Bound): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > maxBytes) done(tooLarge);
      else done(null, chunk);
    },
  });
}
