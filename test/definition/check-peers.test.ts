/** Checks the error for a wrong version of a peer dependency: it names the package, both versions and the command. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { transform } from 'esbuild';

const run = promisify(execFile);
const PACKAGE = 'node_modules/mcp-async-operations';
let app: string;

beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), 'peers-'));
  await mkdir(join(app, PACKAGE), { recursive: true });
  const { code } = await transform(await readFile('lambdas/definition/check-peers.ts', 'utf8'), {
    loader: 'ts',
  });
  await writeFile(join(app, PACKAGE, 'check-peers.js'), code);
  await writeFile(
    join(app, PACKAGE, 'package.json'),
    JSON.stringify({
      name: 'mcp-async-operations',
      version: '1.0.0',
      type: 'module',
      exports: { '.': './check-peers.js', './package.json': './package.json' },
      peerDependencies: { 'aws-cdk-lib': '^2.276.0', zod: '^4.6.1' },
    }),
  );
});
afterAll(() => rm(app, { recursive: true, force: true }));
afterEach(async () => {
  for (const name of ['aws-cdk-lib', 'zod']) {
    await rm(join(app, 'node_modules', name), { recursive: true, force: true });
  }
});

/** @returns the error output of Node.js when an app with these versions loads the package */
async function check(versions: Readonly<Record<string, string>>, code: string): Promise<string> {
  for (const [name, version] of Object.entries(versions)) {
    await mkdir(join(app, 'node_modules', name));
    await writeFile(join(app, 'node_modules', name, 'package.json'), JSON.stringify({ name, version }));
  }
  const { stderr } = await run(process.execPath, ['-e', code], { cwd: app }).catch((error) => error);
  return stderr;
}

const ways = ['import("mcp-async-operations")', 'require("mcp-async-operations")'];

describe.each(ways)('%s', (way) => {
  test.each<Readonly<Record<string, string>>>([
    { zod: '4.6.1', 'aws-cdk-lib': '2.276.0' },
    { zod: '4.7.0', 'aws-cdk-lib': '2.1000.0' },
    { zod: '4.6.7-beta.1' },
    {},
  ])('%o is accepted', async (versions) => {
    expect(await check(versions, way)).toBe('');
  });

  test.each([
    ['zod', '3.25.76', '^4.6.1'],
    ['zod', '5.0.0', '^4.6.1'],
    ['zod', '4.5.9', '^4.6.1'],
    ['zod', '4.6.0', '^4.6.1'],
    ['aws-cdk-lib', '1.204.0', '^2.276.0'],
    ['aws-cdk-lib', '2.275.9', '^2.276.0'],
  ])('%s %s is an error', async (name, version, needed) => {
    expect(await check({ [name]: version }, way)).toContain(
      `mcp-async-operations needs ${name} ${needed}, but the app has ${name} ${version}. Run: npm install "${name}@${needed}"`,
    );
  });
});

test('every peer dependency has a range that the check understands', async () => {
  const { peerDependencies } = JSON.parse(await readFile('package.json', 'utf8'));
  expect(Object.keys(peerDependencies).sort()).toEqual(['aws-cdk-lib', 'constructs', 'zod']);
  for (const range of Object.values(peerDependencies)) expect(range).toMatch(/^\^[1-9]\d*\.\d+\.\d+$/);
});

test.each(['lib/index.ts', 'lambdas/definition/index.ts'])(
  '%s runs the check before anything else',
  async (file) => {
    const [first] = (await readFile(file, 'utf8')).match(/^(import|export) .*/gm) ?? [];
    expect(first).toMatch(/^import '.*\/check-peers\.ts';$/);
  },
);
