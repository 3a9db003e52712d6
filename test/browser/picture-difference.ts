/** Compares two pictures as a person sees them: by their pixels, not by their bytes. */
import pixelmatch from 'pixelmatch';
import { PNG } from 'pngjs';

/**
 * Color difference from which a pixel counts, 0..1. The same machine draws the same pixels, under load too; another processor may
 * round a color otherwise. No pixel may differ: a full stop has four.
 */
const THRESHOLD = 0.01;

export interface PictureDifference {
  /** What differs, as the end of a sentence. */
  readonly summary: string;
  /** A PNG that marks the differences; absent for pictures of different sizes. */
  readonly marked?: Buffer;
}

/**
 * @param expected a PNG
 * @param actual a PNG
 * @returns undefined when a person sees no difference
 */
export function pictureDifference(expected: Uint8Array, actual: Uint8Array): PictureDifference | undefined {
  const [before, after] = [PNG.sync.read(Buffer.from(expected)), PNG.sync.read(Buffer.from(actual))];
  const { width, height } = before;
  if (after.width !== width || after.height !== height) {
    return { summary: `it is ${after.width} × ${after.height} pixels large, not ${width} × ${height}` };
  }
  const marks = new PNG({ width, height });
  const pixels = pixelmatch(before.data, after.data, marks.data, width, height, {
    threshold: THRESHOLD,
    includeAA: true,
  });
  if (pixels === 0) return undefined;
  return { summary: `${pixels} of ${width * height} pixels differ`, marked: PNG.sync.write(marks) };
}
