import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { animatedPng, framesOf } from './animated-png.ts';

/** A grey image of one row. */
function pngOf(...pixels: number[]): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(pixels.length, 0);
  header.writeUInt32BE(1, 4);
  header[8] = 8;
  const parts = { IHDR: header, IDAT: deflateSync(Buffer.from([0, ...pixels])), IEND: Buffer.alloc(0) };
  const chunks = Object.entries(parts).map(([type, data]) => {
    const chunk = Buffer.alloc(data.length + 12);
    chunk.writeUInt32BE(data.length);
    chunk.write(type, 4, 'latin1');
    data.copy(chunk, 8);
    chunk.writeUInt32BE(crc32(chunk.subarray(4, -4)), data.length + 8);
    return chunk;
  });
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...chunks]);
}

function chunksOf(png: Buffer): readonly (readonly [string, Buffer])[] {
  const chunks: [string, Buffer][] = [];
  for (let at = 8; at < png.length; ) {
    const end = at + 12 + png.readUInt32BE(at);
    expect(png.readUInt32BE(end - 4)).toBe(crc32(png.subarray(at + 4, end - 4)));
    chunks.push([png.toString('latin1', at + 4, at + 8), png.subarray(at + 8, end - 4)]);
    at = end;
  }
  return chunks;
}

test('an animation has the pixels and the time of each frame, in order', () => {
  const chunks = chunksOf(
    animatedPng([
      { png: pngOf(1, 2), milliseconds: 700 },
      { png: pngOf(3, 4), milliseconds: 4_000 },
    ]),
  );
  expect(chunks.map(([type]) => type)).toEqual(['IHDR', 'acTL', 'fcTL', 'IDAT', 'fcTL', 'fdAT', 'IEND']);
  const [, , firstControl, first, secondControl, second] = chunks.map(([, data]) => data);
  expect([firstControl, secondControl, second].map((data) => data?.readUInt32BE(0))).toEqual([0, 1, 2]);
  expect([firstControl, secondControl].map((data) => data?.readUInt16BE(20))).toEqual([700, 4_000]);
  expect([...inflateSync(first ?? '')]).toEqual([0, 1, 2]);
  expect([...inflateSync(second?.subarray(4) ?? '')]).toEqual([0, 3, 4]);
});

test('an animation is taken apart into its frames', () => {
  const frames = [pngOf(1, 2), pngOf(3, 4), pngOf(5, 6)];
  expect(framesOf(animatedPng(frames.map((png) => ({ png, milliseconds: 1 }))))).toEqual(frames);
});

test('frames of different sizes are refused', () => {
  const frames = [pngOf(1), pngOf(1, 2)].map((png) => ({ png, milliseconds: 1 }));
  expect(() => animatedPng(frames)).toThrow('Frame 1 has another size');
});
