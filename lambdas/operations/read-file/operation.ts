/** Defines the operation `read_file`: reads one file of a project while the caller waits. */

import { defineOperation } from 'mcp-async-operations/operation';
import * as z from 'zod';
import { projectName, sourceOf } from '../project/project.ts';

/** Limit for content in a model's context; callers read larger files in ranges, or download them. */
export const MAX_INLINE_BYTES = 64 * 1024;

const MAX_PATH_CHARACTERS = 1_000;

const input = z.strictObject({
  project: projectName('Name of the project.'),
  path: z
    .string()
    .min(1)
    .max(MAX_PATH_CHARACTERS)
    .describe('Path of the file, relative to the project, such as `src/main.ts`.'),
  range: z
    .strictObject({
      start: z.int().nonnegative().describe('The first byte, from 0.'),
      end: z.int().positive().optional().describe('The byte after the last; the end of the file without it.'),
    })
    .optional()
    .describe(`Bytes to read, at most ${MAX_INLINE_BYTES}; the whole file without it.`),
});
export type ReadFileInput = z.output<typeof input>;

const output = z.strictObject({
  path: z.string(),
  size: z.int().nonnegative().describe('Size of the whole file in bytes.'),
  sha256: z.string().describe('SHA-256 of the whole file, in hexadecimal.'),
  range: z
    .strictObject({ start: z.int(), end: z.int() })
    .optional()
    .describe('The bytes in `content`; for text, complete characters only.'),
  encoding: z.enum(['utf-8', 'base64']).optional(),
  content: z.string().optional().describe('Absent for a large file: give a range, or download it.'),
  file: z.string().optional().describe('Workspace key of a large file.'),
});
export type ReadFileOutput = z.output<typeof output>;

export const readFile = defineOperation({
  name: 'read_file',
  title: 'Read file',
  description: `Reads a file of a project in the workspace: text unchanged, other files as base64. Above ${MAX_INLINE_BYTES} bytes, give a range to read a part.`,
  input,
  subject: 'project',
  output,
  handler: new URL('./steps.lambda.ts', import.meta.url),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  execution: { mode: 'sync', limitMs: 5_000 },
  steps: { read: { timeoutMs: 5_000 } },
  resources: { memoryMb: 1_769, storageMb: 2_048 },
  requires: ({ project }) => [sourceOf(project)],
  files: ({ file, path, size, sha256 }) =>
    file === undefined
      ? []
      : [{ key: file, name: fileName(path), contentType: 'application/octet-stream', size, sha256 }],
  text: ({ path, size, content, encoding, range }) =>
    content === undefined
      ? `${path} has ${size} bytes, too large to show. Give a range to read a part.`
      : encoding === 'base64'
        ? `${path} is not text. Read its ${size} bytes as base64 from structuredContent.content.`
        : range && (range.start > 0 || range.end < size)
          ? `${path}, bytes ${range.start} to ${range.end} of ${size}:\n${content}`
          : content,
});

/** @returns the last segment, with characters that are safe in a header */
function fileName(path: string): string {
  return (path.split('/').at(-1) ?? '').replace(/[^\w.-]/g, '_');
}
