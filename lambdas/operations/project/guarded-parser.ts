/** Restricts node-tar's parser to one archive with one layer of compression. */
import { Parser } from 'tar';
import { invalidSource, quote, sparseFile } from './source-errors.ts';

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
    this.on('meta', refuseMisread);
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

/**
 * Refuses extended headers that node-tar reads wrongly: of a sparse file it would take the map of its holes for content, and of
 * a name with a line break only the first line.
 */
function refuseMisread(header: string): void {
  if (/^\d+ GNU\.sparse\./m.test(header)) throw sparseFile(/^\d+ GNU\.sparse\.name=(.*)/m.exec(header)?.[1]);
  for (const [record, bytes, start] of header.matchAll(/^(\d+) (?:link)?path=(.*)\n/gm)) {
    if (Buffer.byteLength(record) < Number(bytes))
      throw invalidSource(`the name that begins with ${quote(start)} contains a line break`);
  }
}

function isCompressed(block: Buffer): boolean {
  const gzip = block[0] === 0x1f && block[1] === 0x8b;
  const zstd = block.readUInt32BE(0) === 0x28b52ffd;
  return gzip || zstd;
}
