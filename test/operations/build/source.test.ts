/** What a source archive may hold, and that a refused one leaves nothing behind. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { limits } from '../../../lambdas/operations/build/limits.ts';
import { unpackSource } from '../../../lambdas/operations/build/unpack-source.ts';
import type { LeftOut } from '../../../lambdas/operations/project/file-kinds.ts';
import { paxRecord, type RawEntry, rawArchive, rawTar } from './hostile-archive.ts';

const packageJson: RawEntry = { path: 'package.json', content: '{"name":"x"}' };
const { signal } = new AbortController();

let directory: string;
let leftOut: readonly LeftOut[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'source-test-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function unpack(archive: Buffer, sourceLimits = limits.source): Promise<string> {
  const place = join(directory, 'place');
  await mkdir(place);
  const file = join(directory, 'source.tar.gz');
  await writeFile(file, archive);
  leftOut = await unpackSource(file, join(place, 'tree'), { limits: sourceLimits, signal });
  return join(place, 'tree');
}

async function expectRefused(archive: Buffer, error: object, sourceLimits = limits.source): Promise<void> {
  await expect(unpack(archive, sourceLimits)).rejects.toMatchObject(error);
  expect(await readdir(join(directory, 'place'))).toEqual([]);
}

const invalid = (message: RegExp) => ({
  code: 'SOURCE_INVALID',
  retryable: false,
  message: expect.stringMatching(message),
});
const symlink = (path: string, linkpath: string): RawEntry => ({ path, linkpath, type: 'SymbolicLink' });
const hardlink = (path: string, linkpath: string): RawEntry => ({ path, linkpath, type: 'Link' });

describe('a source archive is refused when it', () => {
  const hostile: [string, readonly RawEntry[], RegExp][] = [
    ['has an absolute path', [packageJson, { path: '/etc/evil' }], /"\/etc\/evil" has an absolute path/],
    ['has a Windows path', [packageJson, { path: 'c:\\evil' }], /"c:\\\\evil" has an absolute path/],
    ['climbs out with ".."', [packageJson, { path: '../evil' }], /"\.\.\/evil" has a path with "\.\."/],
    ['climbs within a path', [packageJson, { path: 'a/../../evil' }], /has a path with "\.\."/],
    ['climbs with backslashes', [packageJson, { path: 'a\\..\\evil' }], /has a path with "\.\."/],
    [
      'climbs out in a pax header',
      [packageJson, paxRecord('path', '../evil'), { path: 'good' }],
      /"\.\.\/evil" has a path/,
    ],
    ['links to an absolute path', [packageJson, symlink('a', '/etc')], /link "a" leads out .* to "\/etc"/],
    ['links out of the tree', [packageJson, symlink('d/a', '../../b')], /link "d\/a" leads out/],
    [
      'writes through a link',
      [packageJson, { path: 'd/', type: 'Directory' }, symlink('a', 'd'), { path: 'a/evil' }],
      /"a\/evil" is below the link "a"/,
    ],
    [
      'chains links that only together lead out',
      [packageJson, symlink('a', '.'), symlink('b', 'a/../evil')],
      /link "b" goes through the link "a"/,
    ],
    [
      'chains links whatever their order',
      [packageJson, symlink('b', 'a/../evil'), symlink('a', '.')],
      /link "b" goes through the link "a"/,
    ],
    [
      'hides a chained link behind another case',
      [packageJson, symlink('Link', '.'), symlink('b', 'lINK/../evil')],
      /link "b" goes through the link "Link"/,
    ],
    [
      'puts something else in the place of a link that others go through',
      [packageJson, symlink('a', '.'), { path: 'a', content: 'x' }, symlink('b', 'a/../evil')],
      /"a" appears twice, once as a link/,
    ],
    [
      'links out of the directory that would be stripped',
      [{ ...packageJson, path: 'package/package.json' }, symlink('package/a', '../b')],
      /link "package\/a" leads out/,
    ],
    [
      'links hard to an absolute path',
      [packageJson, hardlink('a', '/etc/passwd')],
      /"a" has an absolute path/,
    ],
    ['links hard to ".."', [packageJson, hardlink('a', '../x')], /"a" has a path with "\.\."/],
    [
      'links hard to what is not there',
      [packageJson, hardlink('a', 'b')],
      /"a" is a hard link to "b", which is not an earlier file/,
    ],
    [
      'links hard to a symbolic link',
      [packageJson, symlink('s', 'package.json'), hardlink('a', 's')],
      /"a" is a hard link to "s"/,
    ],
    ['has a sparse file', [packageJson, { path: 's', type: 'SparseFile' }], /"s" is of an unsupported type/],
    [
      'has a sparse file as the tar of macOS writes it',
      [
        packageJson,
        paxRecord('GNU.sparse.name', 'data/disk.img'),
        { path: 'data/GNUSparseFile.0/disk.img', content: '1\n0\n5\nhello' },
      ],
      /"data\/disk\.img" is of an unsupported type, a sparse file; archive it with/,
    ],
    [
      'has a type that no reader knows',
      [packageJson, { path: 'm', type: 'ContinuationFile' }],
      /"m" is of an unsupported type \(ContinuationFile\)/,
    ],
    [
      'has a name with a line break in a pax header, which would be cut',
      [packageJson, paxRecord('path', 'a\nb'), { path: 'ab' }],
      /the name that begins with "a" contains a line break/,
    ],
    ['has a drive letter', [packageJson, { path: 'z:main.js' }], /"z:main\.js" has a drive letter/],
    [
      'would replace its own directory',
      [packageJson, symlink('.', 'x')],
      /would replace the project's directory/,
    ],
    [
      'has a file below a file',
      [packageJson, { path: 'a', content: 'x' }, { path: 'a/b', content: 'y' }],
      /"a\/b" cannot be unpacked/,
    ],
    [
      'has a name no file system takes',
      [packageJson, paxRecord('path', 'x'.repeat(300)), { path: 'short' }],
      /"x{200}" cannot be unpacked/,
    ],
    [
      'has a path of a million characters',
      [packageJson, paxRecord('path', 'a/'.repeat(400_000)), { path: 'x' }],
      /a path of more than 4096 characters/,
    ],
    [
      'has names of Windows',
      [{ ...packageJson, path: 'app\\package.json' }],
      /no package\.json .*; its names have backslashes instead of slashes/,
    ],
    ['has no package.json', [{ path: 'readme' }], /no package\.json at the top level/],
    ['has package.json too deep', [{ ...packageJson, path: 'a/b/package.json' }], /no package\.json/],
    [
      'has package.json in one of two directories',
      [{ ...packageJson, path: 'a/package.json' }, { path: 'b/x' }],
      /no package\.json .*; "a" has one, beside other directories/,
    ],
  ];
  test.each(hostile)('%s', (_what, entries, message) => expectRefused(rawArchive(entries), invalid(message)));

  test('is not gzipped at all', () =>
    expectRefused(rawTar([packageJson]), invalid(/corrupt or not a gzipped/)));

  test('is empty', () => expectRefused(Buffer.alloc(0), invalid(/source archive is invalid/)));

  test('is a gzip file but no tar archive', () =>
    expectRefused(gzipSync(randomBytes(2048)), invalid(/corrupt or not a gzipped/)));

  test('is cut off in its gzip stream', () => {
    const whole = rawArchive([packageJson, { path: 'data', content: randomBytes(50_000) }]);
    return expectRefused(whole.subarray(0, whole.length / 2), invalid(/corrupt/));
  });

  test('is cut off within an entry', () =>
    expectRefused(
      rawArchive([packageJson, { path: 'data', content: 'x', size: 5_000 }], Buffer.alloc(0)),
      invalid(/corrupt/),
    ));

  test('is cut off within a block', () =>
    expectRefused(rawArchive([packageJson], Buffer.from('cut')), invalid(/cut short/)));

  test('has a header that is not intact', () => {
    const raw = rawTar([packageJson, { path: 'b', content: 'x' }]);
    raw[1024] = 0x7a;
    return expectRefused(gzipSync(raw), invalid(/corrupt/));
  });

  test('hides data behind its end', () =>
    expectRefused(
      rawArchive([packageJson], Buffer.concat([Buffer.alloc(200_000), rawTar([{ path: 'hidden' }])])),
      invalid(/data after its end/),
    ));

  test('is compressed twice', () =>
    expectRefused(
      gzipSync(rawArchive([packageJson, { path: 'noise', content: randomBytes(2_000) }])),
      invalid(/compressed twice/),
    ));

  test('has more entries than the limit', () =>
    expectRefused(
      rawArchive([packageJson, { path: 'a' }, { path: 'b' }]),
      {
        code: 'SOURCE_TOO_LARGE',
        message: expect.stringContaining('limit of 2 entries'),
        details: { limit_entries: 2 },
      },
      { ...limits.source, entries: 2 },
    ));
});

test('A decompression bomb is stopped at the limit, not after it is unpacked', async () => {
  // A gzip member again and again is one valid gzip file: 16 GiB of zeros in some 16 MiB.
  const zeros = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  const head = rawArchive([packageJson, { path: 'zeros', size: 2 ** 34 }], Buffer.alloc(0));
  const bomb = Buffer.concat([head, ...Array<Buffer>(256).fill(zeros)]);
  await expectRefused(
    bomb,
    {
      code: 'SOURCE_TOO_LARGE',
      message: expect.stringContaining('100 MiB'),
      details: { limit_bytes: 100 * 2 ** 20 },
    },
    { ...limits.source, unpackedBytes: 100 * 2 ** 20 },
  );
});

test('What counts are the bytes that an archive unpacks to', () =>
  expectRefused(
    rawArchive([packageJson, { path: 'a', content: Buffer.alloc(100_000) }]),
    { code: 'SOURCE_TOO_LARGE', message: expect.stringContaining('50,000 bytes') },
    { ...limits.source, unpackedBytes: 50_000 },
  ));

describe('a source archive is accepted when it', () => {
  test('has its files at the top', async () => {
    const tree = await unpack(
      rawArchive([{ path: './', type: 'Directory' }, packageJson, { path: './src/a', content: 'A' }]),
    );
    expect((await readdir(tree)).sort()).toEqual(['package.json', 'src']);
    expect(await readFile(join(tree, 'src/a'), 'utf8')).toBe('A');
  });

  test('has everything in one directory, as npm pack and GitHub make it', async () => {
    const tree = await unpack(
      rawArchive([{ ...packageJson, path: 'Owner-Repo-1a2b/package.json' }, { path: 'Owner-Repo-1a2b/x' }]),
    );
    expect((await readdir(tree)).sort()).toEqual(['package.json', 'x']);
  });

  test('has links that stay inside, also to each other', async () => {
    const tree = await unpack(
      rawArchive([
        packageJson,
        { path: 'd/f', content: 'F' },
        symlink('d/up', '../package.json'),
        symlink('e', 'd/up'),
        hardlink('h', 'd/f'),
      ]),
    );
    expect(await readlink(join(tree, 'e'))).toBe('d/up');
    expect(await readFile(join(tree, 'e'), 'utf8')).toBe(packageJson.content);
    expect(await readFile(join(tree, 'h'), 'utf8')).toBe('F');
  });

  test('has modes that would lock its files or raise rights, which become plain ones', async () => {
    const tree = await unpack(
      rawArchive([
        { ...packageJson, mode: 0o000 },
        { path: 'run', mode: 0o6755 },
        { path: 'd', type: 'Directory', mode: 0o000 },
      ]),
    );
    const modeOf = async (path: string) => (await stat(join(tree, path))).mode & 0o7777;
    expect(await Promise.all(['package.json', 'run', 'd'].map(modeOf))).toEqual([0o644, 0o755, 0o755]);
  });
});

describe('an archive of another system', () => {
  const named = (entries: readonly RawEntry[]) => unpack(rawArchive(entries));
  const mac = (path: string): RawEntry => ({ path, content: 'Mac OS X' });

  test('of macOS is the project without what macOS puts beside it', async () => {
    const tree = await named([
      mac('._hello'),
      mac('.DS_Store'),
      { path: 'hello/', type: 'Directory' },
      mac('hello/._package.json'),
      mac('hello/src/.DS_Store'),
      { ...packageJson, path: 'hello/package.json' },
      { path: 'hello/src/a', content: 'A' },
      { path: '__MACOSX/', type: 'Directory' },
      mac('__MACOSX/hello/._package.json'),
    ]);
    expect((await readdir(tree, { recursive: true })).sort()).toEqual(['package.json', 'src', 'src/a']);
    expect(leftOut).toEqual([]);
  });

  test('has its project in the one directory, beside files that are named as left out', async () => {
    const tree = await named([
      { path: 'README.txt', content: 'read me' },
      { path: 'pax_global_header', content: '52 comment=' },
      { ...packageJson, path: 'app/package.json' },
      symlink('latest', 'app'),
    ]);
    expect(await readdir(tree)).toEqual(['package.json']);
    expect(leftOut.map(({ path, what }) => `${path}: ${what}`)).toEqual([
      'README.txt: outside the project',
      'pax_global_header: outside the project',
    ]);
  });

  test('has devices and FIFOs, and hard links to them, which are left out and named', async () => {
    const tree = await named([
      packageJson,
      { path: 'tty', type: 'CharacterDevice' },
      { path: 'disk', type: 'BlockDevice' },
      { path: 'd/pipe', type: 'FIFO' },
      hardlink('pipe2', 'd/pipe'),
    ]);
    expect(await readdir(tree)).toEqual(['package.json']);
    expect(leftOut.map(({ path, what }) => `${path}: ${what}`)).toEqual([
      'tty: device',
      'disk: device',
      'd/pipe: FIFO',
      'pipe2: hard link to a special file',
    ]);
  });

  test('of git has a global header, and of GNU tar a label, directories with data and long names', async () => {
    const long = `${'d'.repeat(120)}/${'f'.repeat(200)}`;
    const tree = await named([
      {
        path: 'pax_global_header',
        type: 'GlobalExtendedHeader',
        content: '52 comment=0123456789012345678901234567890123456789\n',
      },
      { path: 'backup of today', type: 'TapeVolumeHeader' },
      packageJson,
      { path: 'inc/', type: 'GNUDumpDir', content: 'Nx\0' },
      { path: '././@LongLink', type: 'NextFileHasLongPath', content: `${long}\0` },
      { path: long.slice(0, 99), content: 'long' },
      // What "tar czf a.tgz . package.json" adds.
      hardlink('package.json', './package.json'),
    ]);
    expect(await readFile(join(tree, long), 'utf8')).toBe('long');
    expect(await readFile(join(tree, 'package.json'), 'utf8')).toBe(packageJson.content);
  });

  test('has two entries of one name, of which the last counts and the other is named', async () => {
    const tree = await named([
      packageJson,
      { path: './a//b', content: 'first' },
      { path: 'a/b', content: 'last' },
    ]);
    expect(await readFile(join(tree, 'a/b'), 'utf8')).toBe('last');
    expect(leftOut).toEqual([{ path: 'a/b', what: 'replaced by a later entry of the same name' }]);
  });

  const onLinux = process.platform === 'linux' ? test : test.skip;
  onLinux('has names that differ only in case, in Unicode form or in a dot, and keeps all', async () => {
    const names = ['readme', 'README', 'caf\u00e9', 'cafe\u0301', 'a', 'a.', 'a\\b'];
    const tree = await named([packageJson, ...names.map((path) => ({ path, content: path }))]);
    for (const name of names) expect(await readFile(join(tree, name), 'utf8')).toBe(name);
    expect(leftOut).toEqual([]);
  });
});

test('Hard links count like copies against the limit', () =>
  expectRefused(
    rawArchive([
      packageJson,
      { path: 'a', content: Buffer.alloc(30_000) },
      ...['b', 'c', 'd'].map((path) => hardlink(path, 'a')),
    ]),
    { code: 'SOURCE_TOO_LARGE' },
    { ...limits.source, unpackedBytes: 80_000 },
  ));

test('An abort while unpacking throws its reason and leaves nothing behind', async () => {
  const place = join(directory, 'place');
  await mkdir(place);
  await writeFile(join(directory, 'a.tar.gz'), rawArchive([packageJson]));
  const reason = new Error('The job was cancelled.');
  const attempt = unpackSource(join(directory, 'a.tar.gz'), join(place, 'tree'), {
    limits: limits.source,
    signal: AbortSignal.abort(reason),
  });
  await expect(attempt).rejects.toBe(reason);
  expect(await readdir(place)).toEqual([]);
});
