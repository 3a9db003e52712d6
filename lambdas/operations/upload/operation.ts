/** Defines the operation `upload`: takes a project's source from the caller's machine with one PUT. */

import { defineOperation, formatBytes } from 'mcp-async-operations/operation';
import * as z from 'zod';
import { newProjectName, projects } from '../project/project.ts';
import { sourceLimits } from '../project/source-limits.ts';
import { uploadLimits } from './limits.ts';

const MINUTE_MS = 60_000;
const TOO_LARGE = `must not exceed ${formatBytes(uploadLimits.compressedBytes)}, the limit of one PUT.`;

const input = z.strictObject({
  project: newProjectName,
  size: z
    .int()
    .min(1)
    .max(uploadLimits.compressedBytes, TOO_LARGE)
    .optional()
    .describe('Exact size in bytes, if known.'),
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
    "Uploads a project's source from your machine: the job gives a URL to PUT a tar.gz archive to, of up to " +
    `${formatBytes(sourceLimits.compressedBytes)} for other tools.`,
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
  listing: projects,
  // One full vCPU for decompression. The steps use no disk.
  resources: { memoryMb: 1_769 },
});
