/** Checks that a cached bundle is used only while none of its sources has changed. */
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BundleCache } from '../../../lib/defaults/bundle-cache.ts';

let directory: string;
let sources: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bundle-cache-'));
  sources = [join(directory, 'a.ts'), join(directory, 'b.ts'), join(directory, 'none.json')];
  await writeFile(join(directory, 'a.ts'), 'a');
  await writeFile(join(directory, 'b.ts'), 'b');
  cache().save({ entry: 'a' }, 'code', sources);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const cached = () => join(directory, 'cache');
/** Another app: it looks at the sources anew. */
const cache = () => new BundleCache(cached());

test('a bundle is used again for the same options and sources', () => {
  expect(cache().read({ entry: 'a' })).toBe('code');
  expect(cache().read({ entry: 'a', minify: false })).toBeUndefined();
});

test.each<[string, () => Promise<void>]>([
  ['changes', () => writeFile(join(directory, 'b.ts'), 'other')],
  ['has another time', () => utimes(join(directory, 'b.ts'), 1, 1)],
  ['is removed', () => rm(join(directory, 'b.ts'))],
  ['comes into being', () => writeFile(join(directory, 'none.json'), '{}')],
])('a bundle is not used when a source %s', async (_, change) => {
  await change();
  expect(cache().read({ entry: 'a' })).toBeUndefined();
});

test('a damaged file is no bundle', async () => {
  for (const name of await readdir(cached())) await writeFile(join(cached(), name), '{');
  expect(cache().read({ entry: 'a' })).toBeUndefined();
});

test('bundles that nothing has used for a week are removed, and used ones stay', async () => {
  const weekAgo = Date.now() / 1000 - 8 * 24 * 60 * 60;
  cache().save({ entry: 'used' }, 'used', sources);
  for (const name of await readdir(cached())) await utimes(join(cached(), name), weekAgo, weekAgo);
  expect(cache().read({ entry: 'used' })).toBe('used');
  cache().save({ entry: 'new' }, 'new', sources);
  expect(cache().read({ entry: 'a' })).toBeUndefined();
  expect(cache().read({ entry: 'used' })).toBe('used');
  expect(await readdir(cached())).toHaveLength(2);
});
