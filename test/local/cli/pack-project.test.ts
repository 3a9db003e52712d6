/** Tests the names that `demo` and `add-project` choose for directories, and what they pack. */

import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { list } from 'tar';
import { readOptions as addProjectOptions } from '../../../local/cli/add-project.ts';
import { readOptions as demoOptions } from '../../../local/cli/demo.ts';
import { packProject } from '../../../local/cli/pack-project.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'pack-project-test-'));
});
afterEach(() => rm(root, { recursive: true }));

describe('the name of a project', () => {
  test.each([
    ['web-shop_2.0', 'web-shop_2.0'],
    ['my project', 'my-project'],
    ['.dotfiles', 'dotfiles'],
    ['a..b', 'a.b'],
    ['Café (copy)', 'Cafe-copy'],
    ['x'.repeat(120), 'x'.repeat(100)],
    ['-- ', 'project'],
    ['プロジェクト', 'project'],
  ])('of the directory %j is %j, and a derived one is announced', (directory, name) => {
    for (const options of [
      demoOptions(['--project', join(root, directory)]),
      addProjectOptions([join(root, directory)]),
    ]) {
      expect(options?.project.name).toBe(name);
      expect(options?.project.notice ?? '').toContain(name === directory ? '' : `using "${name}"`);
    }
  });

  test('comes from package.json when no part of the directory is usable', async () => {
    await mkdir(join(root, '项目'));
    await writeFile(join(root, '项目', 'package.json'), '{"name":"@shop/web app"}');
    expect(demoOptions(['--project', join(root, '项目')])?.project.name).toBe('web-app');
  });

  test('is the one that is given, and a wrong one is refused before anything starts', () => {
    expect(demoOptions(['--name', 'mine'])?.project).toEqual({ name: 'mine' });
    expect(addProjectOptions(['my project', '--name', 'mine'])?.project).toEqual({ name: 'mine' });
    expect(addProjectOptions(['my project', 'mine'])?.project).toEqual({ name: 'mine' });
    for (const wrong of ['a b', '', '../x'])
      expect(() => demoOptions(['--name', wrong])).toThrow(`"${wrong}" is not a project name`);
  });
});

describe('packing a project', () => {
  async function entries(say?: (sentence: string) => void): Promise<string[]> {
    const archive = await packProject(root, say);
    const paths: string[] = [];
    await list({ file: archive, onReadEntry: ({ path }) => paths.push(path) });
    await rm(dirname(archive), { recursive: true });
    return paths;
  }
  beforeEach(() => writeFile(join(root, 'package.json'), '{}'));

  test('leaves out secrets, generated files and files of macOS, and names a socket', async () => {
    for (const name of ['.env', '._package.json', '.DS_Store', 'index.js'])
      await writeFile(join(root, name), '');
    for (const name of ['.git', 'node_modules', '__MACOSX', 'empty']) await mkdir(join(root, name));
    const server = createServer().listen(join(root, 'dev.sock'));
    await once(server, 'listening');
    const said: string[] = [];
    expect(await entries((sentence) => said.push(sentence))).toEqual(['index.js', 'package.json', 'empty/']);
    expect(said).toEqual(['Left out: "dev.sock" (socket).']);
    server.close();
  });

  test.each([
    ['a link that leads out', () => symlink('/etc/hostname', join(root, 'out')), 'the link "out" leads out'],
    [
      'a name with a drive letter',
      () => writeFile(join(root, 'z:main.js'), ''),
      '"z:main.js" has a drive letter',
    ],
  ])('refuses %s, which the operations would refuse', async (_what, make, message) => {
    await make();
    await expect(packProject(root)).rejects.toThrow(message);
  });
});
