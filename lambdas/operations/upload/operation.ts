/** The operation `upload`: a project's source from a caller's own machine, put into the workspace by one PUT. */

import { defineOperation, formatBytes } from 'mcp-async-operations/operation';
import * as z from 'zod';
import { projectName } from '../project/project.ts';
import { sourceLimits } from '../project/source-limits.ts';
import { uploadLimits } from './limits.ts';

const MINUTE_MS = 60_000;
const TOO_LARGE = `more than ${formatBytes(uploadLimits.compressedBytes)}, the limit of one PUT.`;

const input = z.strictObject({
  project: projectName('What the project is to be called; one of that name is replaced.'),
  size: z
    .int()
    .min(1)
    .max(uploadLimits.compressedBytes, TOO_LARGE)
    .optional()
    .describe('Bytes of the archive, if known: then nothing of another size is taken.'),
});
export type UploadInput = z.output<typeof input>;

const output = z.strictObject({
  source: z.string().describe('Where it is in the workspace: `/projects/<project>.tar.gz`.'),
  size: z.int().nonnegative().describe('Bytes.'),
  sha256: z.string().describe('In hexadecimal.'),
  files: z.int().nonnegative().describe('Files in the archive.'),
});
export type UploadOutput = z.output<typeof output>;

export const upload = defineOperation({
  name: 'upload',
  title: 'Upload',
  description:
    `Takes a project's source (tar.gz, up to ${formatBytes(uploadLimits.compressedBytes)}) from your machine into the workspace: the job answers with ` +
    'a URL that works for 15 minutes, and goes on once the archive has been PUT there. ' +
    `build, search and read_file take sources of up to ${formatBytes(sourceLimits.compressedBytes)}.`,
  input,
  output,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  execution: { mode: 'job', maxWaitMs: 30_000 },
  steps: {
    // What was put is deleted after a day, by which time it has to be the project's source.
    receive: {
      timeoutMs: MINUTE_MS,
      inputTimeoutMs: 12 * 60 * MINUTE_MS,
      output: z.strictObject({ key: z.string(), version: z.string(), size: z.int().nonnegative() }),
    },
    publish: { timeoutMs: 14 * MINUTE_MS, retries: 2 },
  },
  // A whole vCPU: what takes time is to decompress. Nothing is kept on disk.
  resources: { memoryMb: 1_769 },
});
