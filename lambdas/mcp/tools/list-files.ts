/** Defines the tools that list workspace files by name, such as `list_projects`: operations declare them as `listing`. */
import * as z from 'zod';
import type { WorkspaceListing } from '../../definition/operation-definition.ts';
import { Scope } from '../../shared/caller.ts';
import { Cursor } from '../../shared/cursor.ts';
import { formatBytes } from '../../shared/format-bytes.ts';
import { defineTool, type Tool } from '../tool.ts';
import type { ToolDependencies } from './dependencies.ts';

const MAX_PAGE = 100;
const DEFAULT_PAGE = 50;

/** A position in a list: the name before it. */
const filesCursor = new Cursor(z.string().max(1_024));

export function listFilesTool(
  { toolName, title, description, items, prefix, suffix }: WorkspaceListing,
  { callRateLimiter, workspace }: Pick<ToolDependencies, 'callRateLimiter' | 'workspace'>,
): Tool {
  return defineTool({
    name: toolName,
    title,
    description,
    scope: Scope.jobsRead,
    annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    input: z.strictObject({
      limit: z.int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
      cursor: z.string().optional(),
    }),
    async call({ limit, cursor }, { owner }) {
      callRateLimiter.check(owner, toolName);
      const after = cursor === undefined ? undefined : `${prefix}${filesCursor.decode(cursor)}`;
      const page = await workspace.list(prefix, { limit, after });
      const files = page.files
        .filter(({ key }) => key.endsWith(suffix))
        .map(({ key, size, updatedAt }) => ({
          name: key.slice(prefix.length, key.length - suffix.length),
          size,
          updated_at: updatedAt,
        }))
        // A name with a slash is a file of a folder, and no name of the list.
        .filter(({ name }) => name !== '' && !name.includes('/'));
      const nextCursor = page.next && filesCursor.encode(page.next.slice(prefix.length));
      return {
        structured: {
          [items]: files,
          ...(nextCursor !== undefined && { next_cursor: nextCursor }),
        },
        text: [
          ...files.map(({ name, size, updated_at }) => `${name} (${formatBytes(size)}, ${updated_at})`),
          ...(files.length === 0 && !page.next ? [`There are no ${items}.`] : []),
          // Some clients show the model only the text.
          ...(nextCursor === undefined ? [] : [`next_cursor: ${nextCursor}`]),
        ].join('\n'),
        next: nextCursor && `For more, call ${toolName} with next_cursor as cursor.`,
      };
    },
  });
}
