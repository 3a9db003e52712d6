/** Restricts node-tar's parser to one archive with one layer of compression. */
import { Parser } from 'tar';
import { invalidSource } from './source-errors.ts';

const TAR_BLOCK_BYTES = 512;
/** Archivers pad the last record with zeros, usually to 10 KiB. More is hidden data after the end. */
const MAX_PADDING_BYTES = 1024 * 1024;

/**
 * Stops at the end of the archive, and rejects compressed input. node-tar would collect data after the end in memory, and
 * decompress a second layer whose bytes no limit counts.
 */
export class GuardedParser extends Parser {
  #bytes = 0;
  #paddingBytes = 0;
  #isEnded = false;
  /** The first block until it is complete; then undefined. */
  #head: Buffer | undefined = Buffer.alloc(0);

  constructor(options: ConstructorParameters<typeof Parser>[0]) {
    super(options);
    this.on('eof', () => {
      this.#isEnded = true;
    });
  }

  override write(data: Uint8Array | string): boolean {
    // `feed` writes buffers only.
    let chunk = data as Buffer;
    this.#bytes += chunk.length;
    if (this.#isEnded) {
      this.#paddingBytes += chunk.length;
      const isPadding = this.#paddingBytes <= MAX_PADDING_BYTES && chunk.every((byte) => byte === 0);
      if (!isPadding) throw invalidSource('there is data after its end');
      return true;
    }
    if (this.#head) {
      chunk = Buffer.concat([this.#head, chunk]);
      this.#head = chunk;
      if (chunk.length < TAR_BLOCK_BYTES) return true;
      if (isCompressed(chunk)) throw invalidSource('it is compressed twice');
      this.#head = undefined;
    }
    return super.write(chunk);
  }

  override end(): this {
    if (this.#bytes === 0 || this.#bytes % TAR_BLOCK_BYTES !== 0) throw invalidSource('it is cut short');
    return super.end();
  }
}

function isCompressed(block: Buffer): boolean {
  const gzip = block[0] === 0x1f && block[1] === 0x8b;
  const zstd = block.readUInt32BE(0) === 0x28b52ffd;
  return gzip || zstd;
}
