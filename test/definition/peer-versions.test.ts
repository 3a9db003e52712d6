/** Tests in this process which versions of a peer dependency the check accepts. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const PACKAGE = 'mcp-async-operations';
let directories: string[] = [];

afterEach(async () => {
  await Promise.all(directories.map((directory) => rm(directory, { recursive: true, force: true })));
  directories = [];
});

/** Imports the check in an app with this version of a peer. */
async function check(version: string | undefined, range: string | undefined): Promise<unknown> {
  const app = await mkdtemp(join(tmpdir(), 'peer-'));
  directories.push(app);
  const write = async (name: string, manifest: object) => {
    await mkdir(join(app, 'node_modules', name), { recursive: true });
    await writeFile(join(app, 'node_modules', name, 'package.json'), JSON.stringify(manifest));
  };
  await writeFile(join(app, 'package.json'), '{"type":"module"}');
  if (range !== undefined) await write(PACKAGE, { version: '1.0.0', peerDependencies: { peer: range } });
  if (version !== undefined) await write('peer', { version });
  const file = join(app, 'check-peers.ts');
  await writeFile(file, await readFile('lambdas/definition/check-peers.ts', 'utf8'));
  return import(pathToFileURL(file).href);
}

test.each([
  ['4.6.1', '^4.6.1'],
  ['4.6.2', '^4.6.1'],
  ['4.7.0', '^4.6.1'],
  ['4.16.0', '^4.6.1'],
  ['4.6.10', '^4.6.9'],
  ['14.0.0', '^14.0.0'],
  ['4.6.7-beta.1', '^4.6.1'],
  ['4.100.3', '^4.99.12'],
])('%s is in the range %s', async (version, range) => {
  await expect(check(version, range)).resolves.toBeDefined();
});

test.each([
  ['4.6.0', '^4.6.1'],
  ['4.5.9', '^4.6.1'],
  ['3.9.9', '^4.6.1'],
  ['5.0.0', '^4.6.1'],
  ['14.6.1', '^4.6.1'],
  ['4.6.1', '^4.16.1'],
  ['4.6.9', '^4.6.10'],
])('%s is outside the range %s', async (version, range) => {
  await expect(check(version, range)).rejects.toThrow(
    new Error(
      `mcp-async-operations needs peer ${range}, but the app has peer ${version}. Run: npm install "peer@${range}"`,
    ),
  );
});

test('a missing peer is left to Node', async () => {
  await expect(check(undefined, '^4.6.1')).resolves.toBeDefined();
});

test('without the manifest of the package nothing is checked', async () => {
  await expect(check('1.0.0', undefined)).resolves.toBeDefined();
});
