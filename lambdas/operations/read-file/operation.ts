/** Defines the operation `read_file`: reads one file of a project while the caller waits. */

import { defineOperation } from 'mcp-async-operations/operation';
import * as z from 'zod';
import { projectName, projects, sourceOf } from '../project/project.ts';

/** Limit for content in a model's context; callers read larger files in ranges, or download them. */
export const MAX_INLINE_BYTES = 64 * 1024;

const MAX_PATH_CHARACTERS = 1_000;

const input = z.strictObject({
  project: projectName,
  path: z.string().min(1).max(MAX_PATH_CHARACTERS).describe('Such as "src/main.ts".'),
  range: z
    .strictObject({
      start: z.int().nonnegative(),
      end: z.int().positive().optional(),
    })
    .optional()
    .describe('Bytes, without the end.'),
});
export type ReadFileInput = z.output<typeof input>;

const output = z.strictObject({
  path: z.string(),
  size: z.int().nonnegative().describe('Of the whole file.'),
  sha256: z.string(),
  range: z.strictObject({ start: z.int(), end: z.int() }).optional(),
  encoding: z.enum(['utf-8', 'base64']).optional(),
  content: z.string().optional(),
  file: z.string().optional(),
});
export type ReadFileOutput = z.output<typeof output>;

export const readFile = defineOperation({
  name: 'read_file',
  toolName: 'read_project_file',
  aliases: ['read_file'],
  title: 'Read project file',
  description: `Reads a file of a project: text, or base64. Above ${MAX_INLINE_BYTES} bytes, give a range.`,
  input,
  subject: 'project',
  output,
  handler: new URL('./steps.lambda.ts', import.meta.url),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  execution: { mode: 'sync', limitMs: 5_000 },
  steps: { read: { timeoutMs: 5_000 } },
  resources: { memoryMb: 1_769, storageMb: 2_048 },
  listing: projects,
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
