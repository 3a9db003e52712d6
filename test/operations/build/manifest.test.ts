/** Tests that the errors of a package.json, which a script can link to any file, quote nothing of it. */
import { link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readManifest } from '../../../lambdas/operations/build/manifest.ts';

let root: string;
let tree: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'manifest-'));
  tree = join(root, 'tree');
  await mkdir(tree);
});
afterEach(() => rm(root, { recursive: true }));

const manifest = () => join(tree, 'package.json');
const failure = () => readManifest(tree).then(String, ({ message }: Error) => message);

test.each(['secret-token', '{"a":1,secret-token', '"secret-token"'])(
  'a linked file with %s is not quoted',
  async (text) => {
    await writeFile(join(root, 'other'), text);
    await link(join(root, 'other'), manifest());
    expect(await failure()).toMatch(/^The project's package\.json is invalid: it.*Fix it/s);
    expect(await failure()).not.toContain('secret');
  },
);

test('an error has its position, when there is one', async () => {
  await writeFile(manifest(), '{"name": "a",}');
  expect(await failure()).toContain('it is not JSON; the error is at position 13.');
});

test.each([
  [
    'a link that leads out',
    () => symlink('/etc/hostname', manifest()),
    'it is a link to a file outside the project',
  ],
  ['a directory', () => mkdir(manifest()), 'it is not a readable file'],
  ['missing', async () => {}, 'it is not a readable file'],
])('a package.json that is %s is refused', async (_what, create, reason) => {
  await create();
  expect(await failure()).toContain(reason);
});

test('a link within the project is followed', async () => {
  await writeFile(join(tree, 'real.json'), '{"name":"app"}');
  await symlink('real.json', manifest());
  expect(await readManifest(tree)).toMatchObject({ name: 'app' });
});
