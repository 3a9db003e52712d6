/** Defines the operation `search`: searches the files of a project, at once or as a job. */

import { defineOperation } from 'mcp-async-operations/operation';
import * as z from 'zod';
import { projectName, projects, sourceOf } from '../project/project.ts';

/** A search of more files becomes a job. */
export const MAX_FILES_OF_A_CALL = 1_000;

const MAX_CONTEXT_LINES = 10;

const input = z.strictObject({
  project: projectName,
  pattern: z.string().min(1).max(1_000).describe('RE2 syntax: no lookaround, no backreferences.'),
  glob: z
    .string()
    .min(1)
    .max(1_000)
    .optional()
    .describe('Paths, such as "src/**/*.ts", or file names, such as "*.{js,json}".'),
  case_sensitive: z.boolean().default(true),
  context: z.int().min(0).max(MAX_CONTEXT_LINES).default(0).describe('Lines around each match.'),
});
export type SearchInput = z.output<typeof input>;

const match = z.strictObject({
  file: z.string(),
  line: z.int().positive(),
  text: z.string().describe('The first 500 characters of the line.'),
  before: z.array(z.string()).optional(),
  after: z.array(z.string()).optional(),
});
export type Match = z.output<typeof match>;

const output = z.strictObject({
  matches: z.array(match).describe('The first matches; `total` counts all of them.'),
  total: z.int().nonnegative(),
  complete: z.boolean().describe('Whether the search covered every file. It stops at 100,000 matches.'),
  files_searched: z.int().nonnegative(),
  files_skipped: z.int().nonnegative().describe('Files that are not text, or larger than 10 MiB.'),
  note: z.string().optional().describe('Why nothing was searched.'),
  all: z
    .strictObject({ key: z.string(), size: z.int(), sha256: z.string() })
    .optional()
    .describe('Workspace file with all matches, one JSON per line, when `matches` is incomplete.'),
});
export type SearchOutput = z.output<typeof output>;

const MAX_TEXT_CHARACTERS = 4_000;

export const search = defineOperation({
  name: 'search',
  toolName: 'search_project',
  aliases: ['search'],
  title: 'Search project',
  description: "Searches a project's files, line by line, for a regular expression.",
  input,
  subject: 'project',
  output,
  handler: new URL('./steps.lambda.ts', import.meta.url),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  execution: { mode: 'sync_first', limitMs: 10_000, maxWaitMs: 10_000 },
  steps: { search: { timeoutMs: 10 * 60_000, retries: 2 } },
  resources: { memoryMb: 1_769, storageMb: 1_024 },
  listing: projects,
  requires: ({ project }) => [sourceOf(project)],
  files: ({ all }) =>
    all ? [{ ...all, name: 'matches.jsonl', contentType: 'application/jsonl; charset=utf-8' }] : [],
  text: ({ matches, total, complete, files_searched, files_skipped, note }) => {
    if (note !== undefined) return note;
    const skipped = files_skipped > 0 ? ` Skipped ${files_skipped} that are not text or too large.` : '';
    const head = `${total}${complete ? '' : ' or more'} matching lines in ${files_searched} files.${skipped}`;
    const lines: string[] = [];
    let left = MAX_TEXT_CHARACTERS;
    for (const { file, line, text } of matches) {
      const shown = `${file}:${line}: ${text}`;
      left -= shown.length + 1;
      if (left < 0) break;
      lines.push(shown);
    }
    const more =
      lines.length < total
        ? ` Shows the first ${lines.length}; read the others from structuredContent.result or the file.`
        : '';
    return [head + more, ...lines].join('\n');
  },
});
