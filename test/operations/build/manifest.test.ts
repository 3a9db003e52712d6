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

/**
 * What npm 11.21.2 does with a package.json: `npm install` and `npm run build`, each in a directory with that file. `taken` is
 * exit code 0 for both; `unbuilt` is "Missing script", where a build skips the step.
 */
const NPM_VERDICTS: Readonly<Record<'taken' | 'unbuilt' | 'refused', readonly string[]>> = {
  taken: [
    '{"name":"p","version":"1.0.0",SCRIPTS}',
    '{SCRIPTS}',
    '\uFEFF{"name":"p",SCRIPTS}',
    '{"scripts":{"build":"node -e 1","lint":null}}',
    '{"scripts":{"build":"node -e 1","lint":5}}',
    '{"scripts":{"build":"node -e 1","lint":{"a":"b"}}}',
    '{"scripts":{"build":"node -e 1","__proto__":"x"}}',
    '{"scripts":{"build":"exit 1"},SCRIPTS}',
    '{"name":null,"version":null,SCRIPTS}',
    '{"name":5,SCRIPTS}',
    '{"name":["p"],SCRIPTS}',
    '{"name":"My App",SCRIPTS}',
    '{"name":"p","version":1,SCRIPTS}',
    '{"name":"p","version":"latest",SCRIPTS}',
    '{"files":"dist",SCRIPTS}',
    '{"files":null,SCRIPTS}',
    '{"files":{"a":1},SCRIPTS}',
    '{"files":["dist",5,null],SCRIPTS}',
    '{"bin":null,SCRIPTS}',
    '{"bin":5,SCRIPTS}',
    '{"bin":["cli.js"],SCRIPTS}',
    '{"bin":{"p":"cli.js","q":null},SCRIPTS}',
    '{"main":null,SCRIPTS}',
    '{"main":5,SCRIPTS}',
    '{"main":["index.js"],SCRIPTS}',
    '{"private":"true",SCRIPTS}',
    '{"workspaces":["packages/*"],SCRIPTS}',
    '{"workspaces":{"packages":["packages/*"]},SCRIPTS}',
    '{"dependencies":null,SCRIPTS}',
    '{"dependencies":[],"devDependencies":"",SCRIPTS}',
    '{"engines":"node >= 18","man":{"a":1},"keywords":"a","license":5,"author":[],"repository":null,SCRIPTS}',
    '{"config":"x","directories":"x","type":"esm","exports":null,"overrides":null,SCRIPTS}',
    '{"__proto__":{"a":1},"constructor":{"b":2},SCRIPTS}',
  ],
  unbuilt: [
    '{"scripts":"make"}',
    '{"scripts":["node -e 1"]}',
    '{"scripts":false}',
    '{"scripts":{"build":null}}',
    // npm fails with an error of its own; other package managers take it.
    '{"scripts":null}',
  ],
  refused: [
    '{\n// a comment\n"name":"p",SCRIPTS}',
    '{/* a comment */SCRIPTS}',
    '{SCRIPTS,}',
    "{'name':'p'}",
    '',
    '  \n',
    'null',
    '5',
    '"text"',
    '{SCRIPTS}\0',
    '{\n<<<<<<< HEAD\nSCRIPTS\n=======\n"name":"p"\n>>>>>>> x\n}',
    // "Missing script" too, but it would be skipped without a word.
    '{"scripts":{"build":1}}',
    '{"scripts":{"test":["a"]}}',
    '[]',
  ],
};
const withScripts = (text: string) => text.replace('SCRIPTS', '"scripts":{"build":"node -e 1"}');

test.each(NPM_VERDICTS.taken.map(withScripts))('npm builds %j, and so does a build', async (text) => {
  await writeFile(manifest(), text);
  expect((await readManifest(tree)).scripts?.build).toBe('node -e 1');
});

test.each(NPM_VERDICTS.unbuilt)('npm finds no build script in %j, and a build skips it', async (text) => {
  await writeFile(manifest(), text);
  expect((await readManifest(tree)).scripts?.build).toBeUndefined();
});

test.each(NPM_VERDICTS.refused.map(withScripts))('%j is refused with a reason', async (text) => {
  await writeFile(manifest(), text);
  expect(await failure()).toMatch(/is invalid: (it is not JSON|it is not an object|its field "scripts\.)/);
});
