/** Computes size and SHA-256 of files while it reads or writes them. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FileDigest } from '../definition/step-context.ts';

/**
 * Computes size and SHA-256 of a file.
 * @param file path of the file
 * @throws the signal's reason when it aborts.
 */
export async function digestOf(file: string, signal: AbortSignal): Promise<FileDigest> {
  const meter = new Meter();
  await pipeline(createReadStream(file), meter, (chunks) => drain(chunks), { signal });
  return meter.digest();
}

/**
 * Writes a stream to a file that only its owner can read, and computes size and SHA-256.
 * @param file path of the file
 * @throws the signal's reason when it aborts, or the error of the stream.
 * @example
 * ```ts
 * const { size, sha256 } = await writeDigested(body, join(tmpdir(), 'image.png'), signal);
 * ```
 */
export async function writeDigested(
  body: AsyncIterable<Uint8Array>,
  file: string,
  signal: AbortSignal,
): Promise<FileDigest> {
  const meter = new Meter();
  await pipeline(body, meter, createWriteStream(file, { mode: 0o600 }), { signal });
  return meter.digest();
}

class Meter extends Transform {
  readonly #hash: Hash = createHash('sha256');
  #size = 0;

  override _transform(chunk: Buffer, _encoding: string, done: (error: null, chunk: Buffer) => void): void {
    this.#hash.update(chunk);
    this.#size += chunk.length;
    done(null, chunk);
  }

  /** Call it once, at the end. */
  digest(): FileDigest {
    return { size: this.#size, sha256: this.#hash.digest('hex') };
  }
}

async function drain(chunks: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of chunks);
}
