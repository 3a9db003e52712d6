/** Moves gzipped tar archives between files, streams and node-tar, with a bound on the bytes that come out at the other side. */

import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type { Pack, Parser } from 'tar';

export interface Bound {
  readonly maxBytes: number;
  /** Thrown as soon as one byte more than `maxBytes` has come. */
  readonly tooLarge: Error;
}

/** A file, or its bytes as they come. */
export type Archive = string | AsyncIterable<Buffer>;

/** Four times zlib's default: unpacking is mostly small writes. */
const CHUNK_BYTES = 64 * 1024;

/**
 * Feeds an archive to a parser. Decompression is Node's and not node-tar's own, so that every byte it yields is counted
 * here before a parser sees it, and so that two parsers fed the same file see the same bytes.
 * @throws what the parser complains of, zlib's errors, or `tooLarge`.
 */
export async function feed(
  parser: Parser,
  archive: Archive,
  bound: Bound,
  signal: AbortSignal,
): Promise<void> {
  // `once` alone is not enough: node-tar emits errors while it is being written to, when nobody waits.
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

/** Writes what a packer yields into a new private file, gzipped. */
export async function writeArchive(
  pack: Pack,
  file: string,
  { level, bound, signal }: { readonly level: number; readonly bound: Bound; readonly signal: AbortSignal },
): Promise<void> {
  // A packer fails while nobody reads as well: the gzip stream passes the failure on to the pipeline.
  const gzip = createGzip({ level });
  pack.on('error', (error) => gzip.destroy(error as Error));
  await pipeline(Readable.from(pack), gzip, meter(bound), createWriteStream(file, { mode: 0o600 }), {
    signal,
  });
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
