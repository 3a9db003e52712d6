/** Tests that a directory is packed whole, whatever is in it: every packing ends, and names what it leaves out. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFile,
  chmod,
  link,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Unpack } from 'tar';
import type { LeftOut } from '../../../lambdas/operations/project/file-kinds.ts';
import { type PackOptions, pack } from '../../../lambdas/operations/project/pack.ts';
import { type OpenSource, openSource } from '../../../lambdas/operations/project/read-source.ts';
import { feed, writeArchive } from '../../../lambdas/operations/project/tar-stream.ts';
import { walk } from '../../../lambdas/operations/project/walk.ts';

const MIB = 1024 * 1024;
const { signal } = new AbortController();
const bound = { maxBytes: 100 * MIB, tooLarge: new Error('too large') };
const limits = { compressedBytes: 10 * MIB, unpackedBytes: 100 * MIB, entries: 10_000 };

let directory: string;
let tree: string;
let archive: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pack-test-'));
  tree = join(directory, 'tree');
  archive = join(directory, 'tree.tar.gz');
  await mkdir(tree);
  await writeFile(join(tree, 'package.json'), '{}');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Packs the tree as `add-project` and artifacts are packed. @returns what was left out */
async function packTree(options: Partial<PackOptions> = { portable: {} }): Promise<LeftOut[]> {
  const { files, leftOut } = await walk(tree);
  const paths = files.map(({ path }) => path);
  const packed = pack({ directory: tree, paths, bound, leftOut, ...options });
  await writeArchive(packed, archive, { level: 1, bound, signal });
  return leftOut;
}

async function contents(source?: OpenSource): Promise<Record<string, string>> {
  const { files, read } = source ?? (await openSource(archive, limits, signal));
  const found: Record<string, string> = {};
  await read(files, async ({ path }, content) => {
    found[path] = (await buffer(content)).toString();
    return true;
  });
  return found;
}

const run = (command: string, ...args: string[]) => execFileSync(command, args, { cwd: tree, stdio: 'pipe' });

describe('hard links', () => {
  beforeEach(async () => {
    for (let i = 0; i < 20; i++) {
      await mkdir(join(tree, `d${i}`));
      await writeFile(join(tree, `d${i}`, 'own'), String(i));
      if (i > 0 && i < 15) await link(join(tree, 'd0', 'own'), join(tree, `d${i}`, 'shared'));
    }
  });

  test('over many directories are files with their content', async () => {
    expect(await packTree()).toEqual([]);
    const found = await contents();
    expect(Object.keys(found)).toHaveLength(35);
    expect([found['d14/shared'], found['d14/own'], found['d0/own']]).toEqual(['0', '14', '0']);
    expect(run('tar', '-tvzf', archive).toString()).not.toMatch(/^h/m);
  });

  test('stay hard links where the archive restores the tree, and readers see the content under every name', async () => {
    await packTree({});
    expect((await contents())['d14/shared']).toBe('0');
    const cwd = join(directory, 'restored');
    await mkdir(cwd);
    await feed(new Unpack({ cwd, strict: true }), archive, bound, signal);
    expect((await stat(join(cwd, 'd0', 'own'))).nlink).toBe(15);
  });
});

test('sockets and FIFOs are left out and named, also one that takes the place of a file', async () => {
  run('mkfifo', 'pipe');
  const server = createServer().listen(join(tree, 'a.sock'));
  await once(server, 'listening');
  const { files, leftOut } = await walk(tree);
  run('mkfifo', 'late');
  const paths = [...files.map(({ path }) => path), 'late'];
  await writeArchive(pack({ directory: tree, paths, bound, leftOut }), archive, { level: 1, bound, signal });
  server.close();
  expect(leftOut).toEqual([
    { path: 'a.sock', what: 'socket' },
    { path: 'pipe', what: 'FIFO' },
    { path: 'late', what: 'FIFO' },
  ]);
  expect(Object.keys(await contents())).toEqual(['package.json']);
});

describe('a file that changes while it is packed', () => {
  const packing = async (change: () => Promise<void>) => {
    const paths = ['package.json', 'first', 'log'];
    const leftOut: LeftOut[] = [];
    const packed = pack({ directory: tree, paths, bound, leftOut, portable: {} });
    async function* slowly() {
      const { value } = await packed.next();
      await change();
      if (value) yield value;
      yield* packed;
    }
    await writeArchive(slowly(), archive, { level: 1, bound, signal });
    return leftOut;
  };
  beforeEach(() => writeFile(join(tree, 'first'), Buffer.alloc(300_000)));

  test('is packed as it is when its turn comes, with what was appended', async () => {
    await writeFile(join(tree, 'log'), 'one\n');
    expect(await packing(() => appendFile(join(tree, 'log'), 'two\n'))).toEqual([]);
    expect((await contents()).log).toBe('one\ntwo\n');
  });

  test('and disappears is left out and named', async () => {
    await writeFile(join(tree, 'log'), 'one\n');
    const leftOut = await packing(() => rm(join(tree, 'log')));
    expect(leftOut).toEqual([{ path: 'log', what: 'deleted while it was packed' }]);
    expect(Object.keys(await contents())).toEqual(['package.json', 'first']);
  });

  test('and grows while it is read has the size of its header', async () => {
    await writeFile(join(tree, 'first'), Buffer.alloc(3 * MIB));
    await writeFile(join(tree, 'log'), 'last');
    expect(await packing(() => appendFile(join(tree, 'first'), 'more'))).toEqual([]);
    expect((await contents()).log).toBe('last');
  });

  test('and becomes shorter while it is read fails with its name', async () => {
    await writeFile(join(tree, 'first'), Buffer.alloc(3 * MIB));
    await writeFile(join(tree, 'log'), 'last');
    await expect(packing(() => truncate(join(tree, 'first'), 10))).rejects.toMatchObject({
      code: 'ARTIFACT_INVALID',
      message: expect.stringContaining('"first" cannot be packed: it became shorter while it was read'),
    });
  });
});

test('names of every length and language are kept, and equal files give equal archives', async () => {
  const deep = `${'d'.repeat(60)}/${'e'.repeat(120)}/${'f'.repeat(200)}`;
  const names = [
    `${deep}/file`,
    `${deep}/${'ä'.repeat(120)}`,
    `x${'y'.repeat(99)}`,
    'naïve 😀 名前',
    'e\u0301 decomposed',
    '👩‍👩‍👧',
    'a\nb',
    `${deep}/line\nbreak`,
    'back\\slash',
    ' space ',
    'trailing.',
    '-dash',
  ];
  for (const name of names) {
    await mkdir(join(tree, name, '..'), { recursive: true });
    await writeFile(join(tree, name), name);
  }
  await symlink(`${deep}/file`, join(tree, 'link'));
  await packTree({ portable: { mtime: new Date(0) } });
  const source = await openSource(archive, limits, signal);
  const found = await contents(source);
  expect(found).toEqual({ 'package.json': '{}', ...Object.fromEntries(names.map((name) => [name, name])) });
  expect(source.linkAt('link')).toBe(`${deep}/file`);
  const first = await readFile(archive);
  await chmod(join(tree, '-dash'), 0o664);
  await packTree({ portable: { mtime: new Date(0) } });
  expect((await readFile(archive)).equals(first)).toBe(true);
  if (process.platform !== 'linux') return;
  // GNU tar reads the same names.
  const listed = run('tar', '-tzf', archive, '--quoting-style=literal').toString();
  for (const name of names) expect(listed).toContain(`${name}\n`);
});

test('a sparse file is packed with its holes as zeros, and one larger than the limit fails at once', async () => {
  await writeFile(join(tree, 'sparse'), 'start');
  await truncate(join(tree, 'sparse'), 5 * MIB);
  await packTree();
  expect((await contents()).sparse).toHaveLength(5 * MIB);
  await truncate(join(tree, 'sparse'), 1024 ** 4);
  await expect(packTree()).rejects.toThrow('too large');
});

test('an empty directory is an archive with an end', async () => {
  await rm(join(tree, 'package.json'));
  await packTree();
  expect(run('tar', '-tzf', archive).toString()).toBe('');
  await expect(openSource(archive, limits, signal)).rejects.toMatchObject({ code: 'SOURCE_INVALID' });
});

const onLinux = process.platform === 'linux' ? test : test.skip;
onLinux('a name that is not UTF-8 fails, because an archive would change it', async () => {
  run('sh', '-c', 'printf x > "$(printf "caf\\351")"');
  await expect(packTree()).rejects.toMatchObject({
    code: 'ARTIFACT_INVALID',
    message: expect.stringContaining('its name is not UTF-8'),
  });
});

test('a directory nested deeper than a path can name fails with a code', async () => {
  run(
    process.execPath,
    '-e',
    `for (let i = 0; i < 25; i++) { const d = 'd'.repeat(200); require('fs').mkdirSync(d); process.chdir(d); }`,
  );
  await expect(packTree()).rejects.toMatchObject({
    code: 'ARTIFACT_INVALID',
    message: expect.stringContaining('ENAMETOOLONG'),
  });
  run('rm', '-rf', 'd'.repeat(200));
});
