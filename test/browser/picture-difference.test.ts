import { PNG } from 'pngjs';
import { pictureDifference } from './picture-difference.ts';

/** A white picture with a square of a color, `size` pixels wide. */
function pictureOf({ color = [11, 95, 196], size = 4, width = 60 } = {}): Buffer {
  const png = new PNG({ width, height: 20 });
  png.data.fill(255);
  for (let x = 0; x < size; x += 1) {
    for (let y = 0; y < size; y += 1) png.data.set(color, (y * width + x) * 4);
  }
  return PNG.sync.write(png);
}

test('equal pixels are no difference, however they are compressed', () => {
  const png = pictureOf();
  const other = PNG.sync.write(PNG.sync.read(png), { deflateLevel: 0, filterType: 0 });
  expect(other).not.toEqual(png);
  expect(pictureDifference(png, other)).toBeUndefined();
});

test('an edge that a machine rounds otherwise is no difference', () => {
  expect(pictureDifference(pictureOf(), pictureOf({ color: [12, 94, 196] }))).toBeUndefined();
});

test.each([
  ['another color', { color: [11, 107, 196] }],
  ['another form', { size: 6 }],
  ['nothing', { size: 0 }],
])('%s is a difference, and is marked', (_name, changed) => {
  const difference = pictureDifference(pictureOf(), pictureOf(changed));
  expect(difference?.summary).toMatch(/^\d\d of 1200 pixels differ$/);
  expect(PNG.sync.read(difference?.marked ?? Buffer.alloc(0)).width).toBe(60);
});

test('another size is a difference', () => {
  expect(pictureDifference(pictureOf(), pictureOf({ width: 61 }))).toEqual({
    summary: 'it is 61 × 20 pixels large, not 60 × 20',
  });
});
