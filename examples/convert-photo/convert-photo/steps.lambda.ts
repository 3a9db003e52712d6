/** Runs the steps of `convert_photo`. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import jpeg from 'jpeg-js';
import { OperationError } from 'mcp-async-operations/operation';
import { stepHandler } from 'mcp-async-operations/steps';
import { convertPhoto, MAX_UPLOAD_BYTES } from './operation.ts';
import { type Image, scale } from './scale.ts';

/** The upload is hostile until it is decoded: without limits, a small file can decode to gigabytes. */
const LIMITS = { maxResolutionInMP: 100, maxMemoryUsageInMB: 2_048, useTArray: true } as const;

export const handler = stepHandler(convertPhoto, {
  receive: async ({ requestUpload }) =>
    requestUpload({ message: 'Upload the photo as a JPEG file.', maxBytes: MAX_UPLOAD_BYTES }),

  async convert({ jobId, input, results, workspace, signal, progress }) {
    const { key, version } = results.receive;
    const changed = new OperationError(
      'UPLOAD_CHANGED',
      'The photo was replaced. Start again and upload once.',
    );
    const chunks: Buffer[] = [];
    for await (const chunk of workspace.open({ key, version, changed }, signal)) chunks.push(chunk);
    const photo = decode(Buffer.concat(chunks));
    progress(0.3, `Scaling ${photo.width} × ${photo.height} pixels`);
    const scaled = scale(photo, input.width, (fraction) => progress(0.3 + 0.5 * fraction));
    const { data } = jpeg.encode({ ...scaled, data: Buffer.from(scaled.data) }, input.quality);

    const folder = await mkdtemp(join(tmpdir(), 'photo-'));
    try {
      const file = join(folder, 'photo.jpg');
      await writeFile(file, data);
      const target = `photos/${jobId}.jpg`;
      const digest = await workspace.upload(target, file, { signal, contentType: 'image/jpeg' });
      return { key: target, width: scaled.width, height: scaled.height, ...digest };
    } finally {
      await rm(folder, { recursive: true });
    }
  },
});

/** @throws OperationError PHOTO_UNREADABLE */
function decode(file: Buffer): Image {
  try {
    return jpeg.decode(file, LIMITS);
  } catch (cause) {
    throw new OperationError(
      'PHOTO_UNREADABLE',
      `The file is not a JPEG photo of at most ${LIMITS.maxResolutionInMP} megapixels. Upload another one.`,
      { cause },
    );
  }
}
