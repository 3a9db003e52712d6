/** Checks the tools that list workspace files: names without prefix and suffix, in pages. */
import { listFilesTool } from '../../lambdas/mcp/tools/list-files.ts';
import { projects } from '../../lambdas/operations/project/project.ts';

const keys = ['projects/a.tar.gz', 'projects/b/inner.tar.gz', 'projects/b.zip', 'projects/c.d.tar.gz'];
const updatedAt = '2026-01-01T00:00:00.000Z';

async function list(
  args: Readonly<Record<string, unknown>> = {},
  of: readonly string[] = keys,
): Promise<Readonly<Record<string, unknown>>> {
  const tool = listFilesTool(projects, {
    callRateLimiter: { check: () => {} },
    workspace: {
      list: async (prefix: string, { limit, after = '' }: { limit: number; after?: string }) => {
        const found = of.filter((key) => key.startsWith(prefix) && key > after);
        const page = found.slice(0, limit).map((key) => ({ key, size: 7, updatedAt }));
        return { files: page, ...(found.length > limit && { next: page.at(-1)?.key }) };
      },
    },
  } as never);
  const result = await tool.call(args, { owner: 'ada', scopes: ['jobs:read'] }, {} as never);
  if (!('structured' in result)) throw new Error('It asks questions.');
  return { ...result.structured, text: result.text, ...(result.next && { next: result.next }) };
}

test('projects are listed by name, size and time, and other files are not', async () => {
  expect(await list()).toEqual({
    projects: [
      { name: 'a', size: 7, updated_at: updatedAt },
      { name: 'c.d', size: 7, updated_at: updatedAt },
    ],
    text: `a (7 bytes, ${updatedAt})\nc.d (7 bytes, ${updatedAt})`,
  });
  expect(await list({}, [])).toEqual({ projects: [], text: 'There are no projects.' });
});

test('a page says how to get the next one', async () => {
  const names: unknown[] = [];
  let cursor: unknown;
  do {
    const page = await list({ limit: 1, ...(cursor !== undefined && { cursor }) });
    names.push(...(page.projects as { name: string }[]).map(({ name }) => name));
    cursor = page.next_cursor;
    if (cursor === undefined) break;
    expect(page.next).toBe('For more, call list_projects with next_cursor as cursor.');
    expect(page.text).toContain(`next_cursor: ${cursor}`);
  } while (names.length < 9);
  expect(names).toEqual(['a', 'c.d']);
});

test.each([
  ['a limit above a hundred', { limit: 101 }, /limit/],
  ['a cursor of another list', { cursor: 'x' }, /^cursor: this list did not return it/],
  ['another argument', { owner: 'bob' }, /owner/],
])('%s is refused', async (_what, args, message) => {
  await expect(list(args)).rejects.toThrow(message);
});
