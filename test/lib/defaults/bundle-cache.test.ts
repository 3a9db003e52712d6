/** Checks that a cached bundle is used only while none of its sources has changed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { BundleCache } from '../../../lib/defaults/bundle-cache.ts';

const MODULE = import.meta.resolve('../../../lib/defaults/bundle-cache.ts');

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

const make = jest.fn(() => ({ code: 'made', sources }));
const claimOf = async () =>
  join(cached(), `${(await readdir(cached())).find((name) => name.endsWith('.json'))}.claim`);

test('a bundle is made once, and again when its source changes', async () => {
  make.mockClear();
  expect(cache().readOrMake({ entry: 'c' }, make)).toBe('made');
  expect(cache().readOrMake({ entry: 'c' }, make)).toBe('made');
  expect(make).toHaveBeenCalledTimes(1);
  await writeFile(join(directory, 'b.ts'), 'other');
  expect(cache().readOrMake({ entry: 'c' }, make)).toBe('made');
  expect(make).toHaveBeenCalledTimes(2);
});

test('a process waits for a bundle that another one makes', async () => {
  make.mockClear();
  const other = `
    const { BundleCache } = await import(${JSON.stringify(MODULE)});
    new BundleCache(${JSON.stringify(cached())}).readOrMake('shared', () => {
      console.log('makes');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
      return { code: 'of the other', sources: [] };
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', other], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  expect(cache().readOrMake('shared', make)).toBe('of the other');
  expect(make).not.toHaveBeenCalled();
  await once(child, 'close');
});

test('a bundle whose maker has failed, or ended without it, is made', async () => {
  make.mockClear();
  const fails = () => cache().readOrMake({ entry: 'a' }, make.mockImplementationOnce(throwError));
  await writeFile(join(directory, 'b.ts'), 'other');
  expect(fails).toThrow('Syntax error');
  const claim = await claimOf();
  expect(existsSync(claim)).toBe(false);
  await writeFile(claim, '');
  await utimes(claim, 1, 1);
  expect(cache().readOrMake({ entry: 'a' }, make)).toBe('made');
  expect(existsSync(claim)).toBe(false);
});

function throwError(): never {
  throw new Error('Syntax error');
}
