/** Step 1: waits, with nothing running, until the archive is in the workspace. */
import type { ArrivedFile, Step } from '../../definition/step-context.ts';
import { uploadLimits } from './limits.ts';
import type { UploadInput } from './operation.ts';

export const receive: Step<UploadInput> = async ({ input, requestUpload }): Promise<ArrivedFile> =>
  requestUpload({
    message: `The source of ${input.project}, as a gzipped tar archive.`,
    maxBytes: uploadLimits.compressedBytes,
    size: input.size,
  });
