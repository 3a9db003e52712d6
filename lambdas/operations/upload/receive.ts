/** Step 1: waits, with nothing running, until the archive is in the workspace. */
import type { StepOf } from 'mcp-async-operations/steps';
import { uploadLimits } from './limits.ts';
import type { upload } from './operation.ts';

export const receive: StepOf<typeof upload, 'receive'> = async ({ input, requestUpload }) =>
  requestUpload({
    message: `The source of ${input.project}, as a gzipped tar archive.`,
    maxBytes: uploadLimits.compressedBytes,
    size: input.size,
  });
