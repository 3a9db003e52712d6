/** The operation `read_file`: one file of a project, while the caller waits. */

import { defineOperation } from 'mcp-async-operations/operation';
import * as z from 'zod';
import { projectName, sourceOf } from '../project/project.ts';

/** What goes into a model's context at once; larger files are linked. */
export const MAX_INLINE_BYTES = 64 * 1024;

const MAX_PATH_CHARACTERS = 1_000;

const input = z.strictObject({
  project: projectName('Name of the project.'),
  path: z
    .string()
    .min(1)
    .max(MAX_PATH_CHARACTERS)
    .describe('The file, relative to the project, such as `src/main.ts`.'),
  range: z
    .strictObject({
      start: z.int().nonnegative().describe('The first byte, from 0.'),
      end: z
        .int()
        .positive()
        .optional()
        .describe('The byte after the last; without it, the end of the file.'),
    })
    .optional()
    .describe(`Bytes to read, ${MAX_INLINE_BYTES} at most; without it, the whole file.`),
});
export type ReadFileInput = z.output<typeof input>;

const output = z.strictObject({
  path: z.string(),
  size: z.int().nonnegative().describe('Bytes of the whole file.'),
  sha256: z.string().describe('Of the whole file, in hexadecimal.'),
  range: z
    .strictObject({ start: z.int(), end: z.int() })
    .optional()
    .describe('The bytes that `content` holds; of text, whole characters only.'),
  encoding: z.enum(['utf-8', 'base64']).optional(),
  content: z
    .string()
    .optional()
    .describe('Absent when it is too large: then a resource_link leads to the file.'),
  file: z.string().optional().describe('Where a file that is too large was put in the workspace.'),
});
export type ReadFileOutput = z.output<typeof output>;

export const readFile = defineOperation({
  name: 'read_file',
  title: 'Read file',
  description: `Reads a file of a project in the workspace: text as it is, anything else in base64. Above ${MAX_INLINE_BYTES} bytes it answers with a link, or read a range.`,
  input,
  output,
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
      ? `${path} has ${size} bytes: too large to show, and linked here. Give a range to read a part.`
      : encoding === 'base64'
        ? `${path} is not text: ${size} bytes, in base64 in structuredContent.content.`
        : range && (range.start > 0 || range.end < size)
          ? `${path}, bytes ${range.start} to ${range.end} of ${size}:\n${content}`
          : content,
});

/** The last segment, as far as a header can carry it. */
function fileName(path: string): string {
  return (path.split('/').at(-1) ?? '').replace(/[^\w.-]/g, '_');
}
