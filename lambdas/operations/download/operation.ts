/** The operation `download`: a project's source from the web into the workspace, in parts that are never fetched twice. */

import { defineOperation } from 'mcp-async-operations/operation';
import * as z from 'zod';
import { projectName } from '../project/project.ts';

const MINUTE_MS = 60_000;

const input = z.strictObject({
  url: z
    .string()
    .min(1)
    .max(2_048)
    .describe('Where the source is: a gzipped tar archive of a Node.js project, at a public https address.'),
  project: projectName('What the project is to be called; one of that name is replaced.'),
});
export type DownloadInput = z.output<typeof input>;

const output = z.strictObject({
  source: z.string().describe('Where it is in the workspace: `/projects/<project>.tar.gz`.'),
  size: z.int().nonnegative().describe('Bytes.'),
  sha256: z.string().describe('In hexadecimal.'),
  files: z.int().nonnegative().describe('Files in the archive.'),
});
export type DownloadOutput = z.output<typeof output>;

const probed = z.strictObject({
  /** Bytes; absent when the server does not say: then everything is fetched at once. */
  size: z.int().nonnegative().optional(),
  /** Tells one version from another, to the byte. */
  etag: z.string().optional(),
});

export const download = defineOperation({
  name: 'download',
  title: 'Download',
  description:
    "Fetches a project's source (tar.gz) from a public https URL into the workspace, in parts: an attempt that was cut off goes on where it was.",
  input,
  output,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
  execution: { mode: 'job', maxWaitMs: 30_000 },
  steps: {
    probe: { timeoutMs: MINUTE_MS, retries: 3, output: probed },
    transfer: {
      timeoutMs: 14 * MINUTE_MS,
      retries: 5,
      output: z.strictObject({ parts: z.int().nonnegative() }),
    },
    publish: { timeoutMs: 5 * MINUTE_MS, retries: 2 },
  },
  // The parts, and the archive that is made of them.
  resources: { memoryMb: 1_024, storageMb: 512 },
});
