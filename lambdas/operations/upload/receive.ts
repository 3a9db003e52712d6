/** Runs step 1: requests the archive. No function runs while the job waits for it. */
import type { StepOf } from 'mcp-async-operations/steps';
import { uploadLimits } from './limits.ts';
import type { upload } from './operation.ts';

export const receive: StepOf<typeof upload, 'receive'> = async ({ input, requestUpload }) =>
  requestUpload({
    message: `Upload the source of ${input.project} as a gzipped tar archive.`,
    maxBytes: uploadLimits.compressedBytes,
    size: input.size,
  });
