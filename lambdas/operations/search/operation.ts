/** The operation `search`: a regular expression over the files of a project, at once or as a job. */

import { defineOperation } from 'mcp-async-operations/operation';
import * as z from 'zod';
import { projectName, sourceOf } from '../project/project.ts';

/** More files than these are for a job. */
export const MAX_FILES_OF_A_CALL = 1_000;

const MAX_CONTEXT_LINES = 10;

const input = z.strictObject({
  project: projectName('Name of the project.'),
  pattern: z
    .string()
    .min(1)
    .max(1_000)
    .describe(
      'A regular expression in the syntax of RE2, searched for in each line: no backreferences, no lookaround.',
    ),
  glob: z
    .string()
    .min(1)
    .max(1_000)
    .optional()
    .describe(
      'Only files whose path matches: `src/**/*.ts`, `*.{js,json}`. Without a slash it is about the name alone.',
    ),
  case_sensitive: z.boolean().default(true),
  context: z
    .int()
    .min(0)
    .max(MAX_CONTEXT_LINES)
    .default(0)
    .describe('Lines to show before and after each match.'),
});
export type SearchInput = z.output<typeof input>;

const match = z.strictObject({
  file: z.string(),
  line: z.int().positive(),
  text: z.string().describe('The line, its first 500 characters.'),
  before: z.array(z.string()).optional(),
  after: z.array(z.string()).optional(),
});
export type Match = z.output<typeof match>;

const output = z.strictObject({
  matches: z.array(match).describe('The first ones; `total` says how many there are.'),
  total: z.int().nonnegative(),
  complete: z.boolean().describe('Whether every file was searched to its end: it stops at 100,000 matches.'),
  files_searched: z.int().nonnegative(),
  files_skipped: z.int().nonnegative().describe('Files that are not text, or larger than 10 MiB.'),
  all: z
    .strictObject({ key: z.string(), size: z.int(), sha256: z.string() })
    .optional()
    .describe('When `matches` has not all of them: where they are in the workspace, one as JSON a line.'),
});
export type SearchOutput = z.output<typeof output>;

const MAX_TEXT_CHARACTERS = 4_000;

export const search = defineOperation({
  name: 'search',
  title: 'Search',
  description: `Searches the files of a project in the workspace for a regular expression. Up to ${MAX_FILES_OF_A_CALL} files are searched at once.`,
  input,
  output,
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  execution: { mode: 'sync_first', limitMs: 10_000, maxWaitMs: 10_000 },
  steps: { search: { timeoutMs: 10 * 60_000, retries: 2 } },
  resources: { memoryMb: 1_769, storageMb: 1_024 },
  requires: ({ project }) => [sourceOf(project)],
  files: ({ all }) =>
    all ? [{ ...all, name: 'matches.jsonl', contentType: 'application/jsonl; charset=utf-8' }] : [],
  text: ({ matches, total, complete, files_searched }) => {
    const head = `${total}${complete ? '' : ' and more'} matching lines in ${files_searched} files.`;
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
        ? ` The first ${lines.length}; the others are in structuredContent or linked.`
        : '';
    return [head + more, ...lines].join('\n');
  },
});
