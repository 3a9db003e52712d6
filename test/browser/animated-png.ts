/** Joins screenshots into an animated PNG, which GitHub and browsers show, and takes it apart (PNG, third edition, section 11.3.9). */
import { crc32 } from 'node:zlib';

export interface Frame {
  /** A PNG. All frames of an animation have the same size and colours. */
  readonly png: Uint8Array;
  /** How long it is shown, 1 to 65,535. */
  readonly milliseconds: number;
}

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
}

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');

/** @throws Error for frames of different sizes or colours */
export function animatedPng(frames: readonly Frame[]): Buffer {
  const images = frames.map(({ png, milliseconds }) => ({ chunks: readChunks(png), milliseconds }));
  const header = dataOf(images[0]?.chunks ?? [], 'IHDR');
  let sequence = 0;
  const numbered = (data: Buffer) => Buffer.concat([uint32(sequence++), data]);
  const written: Chunk[] = [
    { type: 'IHDR', data: header },
    { type: 'acTL', data: Buffer.concat([uint32(frames.length), uint32(0)]) },
  ];
  for (const [index, { chunks, milliseconds }] of images.entries()) {
    if (!dataOf(chunks, 'IHDR').equals(header))
      throw new Error(`Frame ${index} has another size. Do not resize.`);
    written.push({ type: 'fcTL', data: numbered(frameControl(header, milliseconds)) });
    const data = dataOf(chunks, 'IDAT');
    written.push(index === 0 ? { type: 'IDAT', data } : { type: 'fdAT', data: numbered(data) });
  }
  written.push({ type: 'IEND', data: Buffer.alloc(0) });
  return Buffer.concat([SIGNATURE, ...written.map(writeChunk)]);
}

/** Returns each frame of an animation from `animatedPng` as a PNG. */
export function framesOf(png: Uint8Array): readonly Buffer[] {
  const chunks = readChunks(png);
  const header = dataOf(chunks, 'IHDR');
  const frames: Buffer[][] = [];
  for (const { type, data } of chunks) {
    if (type === 'fcTL') frames.push([]);
    if (type === 'IDAT') frames.at(-1)?.push(data);
    // After its sequence number.
    if (type === 'fdAT') frames.at(-1)?.push(data.subarray(4));
  }
  return frames.map((parts) => {
    const written = [
      { type: 'IHDR', data: header },
      { type: 'IDAT', data: Buffer.concat(parts) },
      { type: 'IEND', data: Buffer.alloc(0) },
    ];
    return Buffer.concat([SIGNATURE, ...written.map(writeChunk)]);
  });
}

function readChunks(png: Uint8Array): readonly Chunk[] {
  const bytes = Buffer.from(png.buffer, png.byteOffset, png.byteLength);
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE.length; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    chunks.push({
      type: bytes.toString('latin1', at + 4, at + 8),
      data: bytes.subarray(at + 8, at + 8 + length),
    });
    at += length + 12;
  }
  return chunks;
}

function dataOf(chunks: readonly Chunk[], type: string): Buffer {
  return Buffer.concat(chunks.filter((chunk) => chunk.type === type).map(({ data }) => data));
}

/** Width, height, no offset, the delay as a fraction of a second, and no blending with the frame before. */
function frameControl(header: Buffer, milliseconds: number): Buffer {
  const rest = Buffer.alloc(14);
  rest.writeUInt16BE(milliseconds, 8);
  rest.writeUInt16BE(1_000, 10);
  return Buffer.concat([header.subarray(0, 8), rest]);
}

function writeChunk({ type, data }: Chunk): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  return Buffer.concat([uint32(data.length), named, uint32(crc32(named))]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
