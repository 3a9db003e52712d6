/**
 * Checks the code of a function: it can be read on Lambda, which runs as another user, whatever this machine's umask is, and it has
 * its packages.
 */
import { mkdir, mkdtemp, readdir, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { LOCAL_CONTEXT } from '../../../lib/defaults/local-context.ts';
import { NodeFunction } from '../../../lib/defaults/node-function.ts';

let directory: string;
let umask: number;

beforeEach(async () => {
  umask = process.umask(0o077);
  directory = await mkdtemp(join(tmpdir(), 'bundle-'));
});
afterEach(async () => {
  process.umask(umask);
  await rm(directory, { recursive: true, force: true });
});

/** Returns the directory of the code of a function with the package `tool`. */
async function synthesizeFunction(context: Record<string, unknown> = {}): Promise<string> {
  const entry = join(directory, 'steps.lambda.ts');
  await writeFile(entry, 'export const handler = async () => ({});');
  await mkdir(join(directory, 'node_modules/tool/bin'), { recursive: true });
  await writeFile(
    join(directory, 'node_modules/tool/package.json'),
    '{ "name": "tool", "version": "1.0.0" }',
  );
  await writeFile(join(directory, 'node_modules/tool/bin/tool.js'), '', { mode: 0o700 });

  const app = new App({ outdir: join(directory, 'cdk.out'), context });
  new NodeFunction(new Stack(app, 'Stack'), 'Function', { entry, packages: ['tool'] });
  app.synth();

  const assets = (await readdir(app.outdir)).filter((name) => name.startsWith('asset.'));
  expect(assets).toHaveLength(1);
  return join(app.outdir, assets[0] ?? '');
}

test('every file and folder of a bundle is readable under the umask 077', async () => {
  const asset = await synthesizeFunction();
  const paths = await readdir(asset, { recursive: true });
  const modes = await Promise.all(
    paths.map(async (path) => [path, ((await stat(join(asset, path))).mode & 0o777).toString(8)]),
  );
  expect(Object.fromEntries(modes)).toEqual({
    'index.mjs': '644',
    node_modules: '755',
    'node_modules/tool': '755',
    'node_modules/tool/bin': '755',
    'node_modules/tool/bin/tool.js': '755',
    'node_modules/tool/package.json': '644',
  });
});

test('for the local cloud, packages are links to those of the app, whose files keep their modes', async () => {
  const asset = await synthesizeFunction({ [LOCAL_CONTEXT]: { authorization: 'iam' } });
  const tool = join(directory, 'node_modules/tool');
  expect(await readlink(join(asset, 'node_modules/tool'))).toBe(tool);
  expect((await stat(join(tool, 'bin/tool.js'))).mode & 0o777).toBe(0o700);
});
