/** Defines the operation `upload`: takes a project's source from the caller's machine with one PUT. */

import { defineOperation, formatBytes } from 'mcp-async-operations/operation';
import * as z from 'zod';
import { projectName } from '../project/project.ts';
import { sourceLimits } from '../project/source-limits.ts';
import { uploadLimits } from './limits.ts';

const MINUTE_MS = 60_000;
const TOO_LARGE = `must not exceed ${formatBytes(uploadLimits.compressedBytes)}, the limit of one PUT.`;

const input = z.strictObject({
  project: projectName('Name for the project. An existing project of this name is replaced.'),
  size: z
    .int()
    .min(1)
    .max(uploadLimits.compressedBytes, TOO_LARGE)
    .optional()
    .describe('Size of the archive in bytes, if known. Uploads of any other size are then rejected.'),
});
export type UploadInput = z.output<typeof input>;

const output = z.strictObject({
  source: z.string().describe('Path of the source in the workspace: `/projects/<project>.tar.gz`.'),
  size: z.int().nonnegative().describe('Bytes.'),
  sha256: z.string().describe('SHA-256, in hexadecimal.'),
  files: z.int().nonnegative().describe('Number of files in the archive.'),
  left_out: z.array(z.string()).optional().describe('Entries that do not belong to the project, and why.'),
});
export type UploadOutput = z.output<typeof output>;

export const upload = defineOperation({
  name: 'upload',
  title: 'Upload',
  description:
    `Uploads a project's source (tar.gz, up to ${formatBytes(uploadLimits.compressedBytes)}) from your machine to the workspace. The job returns ` +
    'a URL that is valid for 15 minutes; PUT the archive there. The job then continues. ' +
    `build, search and read_file accept sources of up to ${formatBytes(sourceLimits.compressedBytes)}.`,
  input,
  subject: 'project',
  output,
  handler: new URL('./steps.lambda.ts', import.meta.url),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  execution: { mode: 'job', maxWaitMs: 30_000 },
  steps: {
    // The bucket deletes the upload after a day, so the publish step must finish earlier.
    receive: {
      timeoutMs: MINUTE_MS,
      inputTimeoutMs: 12 * 60 * MINUTE_MS,
      output: z.strictObject({ key: z.string(), version: z.string(), size: z.int().nonnegative() }),
    },
    publish: { timeoutMs: 14 * MINUTE_MS, retries: 2 },
  },
  // One full vCPU for decompression. The steps use no disk.
  resources: { memoryMb: 1_769 },
});
