/** Scales an image of four bytes a pixel to a smaller width: each pixel is the mean of those that it covers. */

export interface Image {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue and alpha of each pixel, row by row. */
  readonly data: Uint8Array;
}

/** @param onRow called after each row with the finished fraction */
export function scale(image: Image, width: number, onRow: (fraction: number) => void): Image {
  if (width >= image.width) return image;
  const height = Math.max(1, Math.round((image.height * width) / image.width));
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    const [top, bottom] = [first(y, height, image.height), first(y + 1, height, image.height)];
    for (let x = 0; x < width; x++) {
      const [left, right] = [first(x, width, image.width), first(x + 1, width, image.width)];
      const sums = [0, 0, 0, 0];
      for (let row = top; row < bottom; row++) {
        for (let column = left; column < right; column++) {
          const at = (row * image.width + column) * 4;
          for (let channel = 0; channel < 4; channel++)
            sums[channel] = (sums[channel] ?? 0) + (image.data[at + channel] ?? 0);
        }
      }
      const count = (bottom - top) * (right - left);
      data.set(
        sums.map((sum) => Math.round(sum / count)),
        (y * width + x) * 4,
      );
    }
    onRow((y + 1) / height);
  }
  return { width, height, data };
}

function first(index: number, target: number, source: number): number {
  return Math.floor((index * source) / target);
}
