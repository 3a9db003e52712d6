/** Tests how the files of an archive are found and read: under each of their names, in whatever form. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { checkEntryPoints } from '../../../lambdas/operations/deploy/entry-points.ts';
import { openSource } from '../../../lambdas/operations/project/read-source.ts';
import { sourceLimits } from '../../../lambdas/operations/project/source-limits.ts';
import { type RawEntry, rawArchive } from '../build/hostile-archive.ts';

const { signal } = new AbortController();
const manifest = (fields: object = {}): RawEntry => ({
  path: 'package.json',
  content: JSON.stringify(fields),
});
const hardlink = (path: string, linkpath: string): RawEntry => ({ path, linkpath, type: 'Link' });

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'read-source-'));
  file = join(directory, 'source.tar.gz');
});
afterEach(() => rm(directory, { recursive: true }));

async function open(entries: readonly RawEntry[]) {
  await writeFile(file, rawArchive(entries));
  return openSource(file, sourceLimits, signal);
}

describe('a hard link', () => {
  const entries = [
    manifest(),
    { path: 'a', content: 'first' },
    hardlink('b', 'a'),
    hardlink('d/c', './b'),
    { path: 'a', content: 'second' },
    { path: 'z', content: 'last' },
  ];

  test('is a file with the content that it had then, in the order of the archive', async () => {
    const source = await open(entries);
    expect(source.files.map(({ path, size }) => `${path} ${size}`)).toEqual([
      'package.json 2',
      'b 5',
      'd/c 5',
      'a 6',
      'z 4',
    ]);
    const found: string[] = [];
    await source.read(source.files, async ({ path }, content) => {
      found.push(`${path}: ${await text(content)}`);
      return true;
    });
    expect(found).toEqual(['package.json: {}', 'b: first', 'd/c: first', 'a: second', 'z: last']);
  });

  test('stops the reading between its names, and is read alone', async () => {
    const source = await open(entries);
    const found: string[] = [];
    await source.read(source.files, async ({ path }) => {
      found.push(path);
      return path !== 'b';
    });
    expect(found).toEqual(['package.json', 'b']);
    const linked = source.fileAt('d/c');
    await source.read(linked ? [linked] : [], async (_file, content) => {
      expect(await text(content)).toBe('first');
      return false;
    });
    expect.assertions(2);
  });
});

test('a name is found in its other Unicode form, and exactly when both are there', async () => {
  const [one, two] = ['caf\u00e9', 'cafe\u0301'];
  const alone = await open([manifest(), { path: `${two}/x`, content: '' }]);
  expect(alone.fileAt(`${one}/x`)?.path).toBe(`${two}/x`);
  const both = await open([manifest(), { path: one, content: '1' }, { path: two, content: '22' }]);
  expect([both.fileAt(one)?.size, both.fileAt(two)?.size]).toEqual([1, 2]);
});

describe('the entry points of a release', () => {
  const check = async (fields: object, ...entries: RawEntry[]) => {
    await writeFile(file, rawArchive([manifest(fields), ...entries]));
    return checkEntryPoints(file, signal);
  };

  test.each<[string, object, RawEntry[]]>([
    ['hard links', { main: 'lib' }, [{ path: 'docs/a.js' }, hardlink('lib/index.js', 'docs/a.js')]],
    ['in the other Unicode form', { main: './caf\u00e9.js' }, [{ path: 'cafe\u0301.js' }]],
    ['of types that Node.js ignores', { main: null, bin: { a: 5 } }, []],
    ['a list', { main: 7, bin: ['cli.js'] }, [{ path: 'cli.js' }]],
    ['a text', { main: '', bin: 'cli' }, [{ path: 'cli.js' }]],
  ])('are found when they are %s', (_what, fields, entries) => check(fields, ...entries));

  test.each<[object, string]>([
    [{ main: 'gone.js' }, 'gone.js'],
    [{ bin: ['gone.js'] }, 'gone.js'],
    [{ bin: { a: 'gone.js', b: null } }, 'gone.js'],
  ])('%j is broken when it is missing', async (fields, name) => {
    await expect(check(fields)).rejects.toMatchObject({
      code: 'SMOKE_TEST_FAILED',
      message: expect.stringContaining(`"${name}", which is missing`),
    });
  });
});
