/** Defines the operation `download`: fetches a project's source from the web, and continues after an interruption. */

import { defineOperation } from 'mcp-async-operations/operation';
import * as z from 'zod';
import { newProjectName, projects } from '../project/project.ts';

const MINUTE_MS = 60_000;

const input = z.strictObject({
  url: z.string().min(1).max(2_048).describe('Public https URL of a tar.gz archive.'),
  project: newProjectName,
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
  toolName: 'import_project',
  aliases: ['start_download'],
  title: 'Import project',
  description: "Imports a project's source from the web.",
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
      // Workspace keys, in order: a retry notices when a part is gone.
      output: z.strictObject({ parts: z.array(z.string()) }),
    },
    publish: { timeoutMs: 5 * MINUTE_MS, retries: 2 },
  },
  listing: projects,
  // Disk for one part and the archive.
  resources: { memoryMb: 1_024, storageMb: 512 },
});
