/** Defines the operation `download`: fetches a project's source from the web, and continues after an interruption. */

import { defineOperation } from 'mcp-async-operations/operation';
import * as z from 'zod';
import { projectName } from '../project/project.ts';

const MINUTE_MS = 60_000;

const input = z.strictObject({
  url: z
    .string()
    .min(1)
    .max(2_048)
    .describe('Public https URL of the source: a gzipped tar archive of a Node.js project.'),
  project: projectName('Name for the project. An existing project of this name is replaced.'),
});
export type DownloadInput = z.output<typeof input>;

const output = z.strictObject({
  source: z.string().describe('Path of the source in the workspace: `/projects/<project>.tar.gz`.'),
  size: z.int().nonnegative().describe('Bytes.'),
  sha256: z.string().describe('SHA-256, in hexadecimal.'),
  files: z.int().nonnegative().describe('Number of files in the archive.'),
  left_out: z.array(z.string()).optional().describe('Entries that do not belong to the project, and why.'),
});
export type DownloadOutput = z.output<typeof output>;

export const download = defineOperation({
  name: 'download',
  title: 'Download',
  description:
    "Fetches a project's source (tar.gz) from a public https URL into the workspace. An interrupted download continues where it stopped.",
  input,
  subject: 'project',
  output,
  handler: new URL('./steps.lambda.ts', import.meta.url),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
  execution: { mode: 'job', maxWaitMs: 30_000 },
  steps: {
    transfer: {
      timeoutMs: 14 * MINUTE_MS,
      retries: 5,
      output: z.strictObject({ parts: z.int().nonnegative() }),
    },
    publish: { timeoutMs: 5 * MINUTE_MS, retries: 2 },
  },
  // Disk for one part and the archive.
  resources: { memoryMb: 1_024, storageMb: 512 },
});
