/** Defines `convert_photo`: the first step waits for an upload, the second converts it in memory. */
import { defineOperation } from 'mcp-async-operations/operation';
import * as z from 'zod';

const MINUTE_MS = 60_000;
export const MAX_UPLOAD_BYTES = 200 * 1024 ** 2;

export const convertPhoto = defineOperation({
  name: 'convert_photo',
  title: 'Convert photo',
  description:
    'Takes a JPEG photo of up to 200 MiB from your machine, and returns it with another width and quality.',
  input: z.object({
    width: z.int().min(16).max(8_000).describe('Pixels; a smaller photo keeps its width.'),
    quality: z.int().min(1).max(100).default(80),
  }),
  output: z.object({
    key: z.string().describe('Key of the photo in the workspace.'),
    width: z.int(),
    height: z.int(),
    size: z.int().describe('Bytes.'),
    sha256: z.string(),
  }),
  // It is listed with other catalogues too, so it names its own handler.
  handler: new URL('./steps.lambda.ts', import.meta.url),
  steps: {
    // No function runs while the job waits. The bucket deletes an upload after a day.
    receive: {
      inputTimeoutMs: 12 * 60 * MINUTE_MS,
      output: z.object({ key: z.string(), version: z.string(), size: z.int() }),
    },
    convert: { timeoutMs: 10 * MINUTE_MS, retries: 1 },
  },
  // A photo of 100 megapixels takes 400 MB, its file and the result beside it.
  resources: { memoryMb: 3_008 },
  files: ({ key, size, sha256 }) => [{ key, name: 'photo.jpg', contentType: 'image/jpeg', size, sha256 }],
  text: ({ width, height, size }) => `${width} × ${height} pixels, ${size} bytes.`,
});
