/** Checks that a mistake in a catalogue gives an error with the file, the fault and the remedy. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadOperations } from '../../lib/catalogue.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'catalogue with a space-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Writes the files and loads `index.ts`. */
async function load(
  files: Readonly<Record<string, string>>,
  options: Parameters<typeof loadOperations>[1] = {},
) {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
  return loadOperations(pathToFileURL(join(directory, 'index.ts')), options);
}

/** Returns a minimal definition. `defineOperation` has its own tests. */
const define = (name: string, more = '') =>
  `{ name: '${name}', input: { shape: {} }, execution: { mode: 'job' }, steps: {}${more} }`;
const catalogue = (...definitions: string[]) => `export const operations = [${definitions.join(', ')}];`;
const handler = 'export const handler = async () => ({});';

test('a catalogue with its handlers is loaded, by URL and by path', async () => {
  const files = { 'index.ts': catalogue(define('read_file')), 'read-file/steps.lambda.ts': handler };
  const loaded = await load(files);
  const file = join(directory, 'index.ts');
  expect(loaded).toMatchObject({ operations: [{ name: 'read_file' }], module: file });
  expect((await loadOperations(file)).module).toBe(file);
  expect((await loadOperations(pathToFileURL(file).href)).module).toBe(file);
});

test('a compiled catalogue is loaded when its sources are missing', async () => {
  const files = { 'index.js': catalogue(define('a')), 'a/steps.lambda.js': handler };
  await writeFile(join(directory, 'package.json'), '{ "type": "module" }');
  expect((await load(files)).module).toBe(join(directory, 'index.js'));
});

test('`only` loads the named operations and needs only their handlers', async () => {
  const files = { 'index.ts': catalogue(define('a'), define('b')), 'b/steps.lambda.ts': handler };
  expect((await load(files, { only: ['b'] })).operations).toMatchObject([{ name: 'b' }]);
});

test.each<[string, Readonly<Record<string, string>>, RegExp]>([
  ['that does not exist', {}, /The catalogue \/.*\/index\.ts does not exist: give the URL of the module/],
  [
    'that exports nothing',
    { 'index.ts': 'export {};' },
    /index\.ts exports no operations: add `export const/,
  ],
  ['with an empty list of operations', { 'index.ts': catalogue() }, /exports no operations/],
  ['with an entry that is not an operation', { 'index.ts': catalogue('undefined') }, /exports no operations/],
  [
    'with two operations of one name',
    { 'index.ts': catalogue(define('a'), define('b'), define('a')) },
    /index\.ts has two operations named "a": rename one of them/,
  ],
  [
    'with a tool that has the name of a tool of the engine',
    { 'index.ts': catalogue(define('a', `, toolName: 'check_job'`)) },
    /index\.ts has two tools named "check_job": give one of its operations another toolName, or remove an alias/,
  ],
  [
    'with an alias that is the tool of another operation',
    { 'index.ts': catalogue(define('a'), define('b', `, aliases: ['start_a']`)) },
    /two tools named "start_a"/,
  ],
  [
    'with two listings of one name',
    { 'index.ts': catalogue(...['a', 'b'].map((name) => define(name, `, listing: { toolName: 'list_a' }`))) },
    /two tools named "list_a"/,
  ],
  [
    'with an operation that has no handler file',
    { 'index.ts': catalogue(define('read_file')) },
    /Operation "read_file" has no handler file \/.*\/read-file\/steps\.lambda\.ts: create it, or give the definition `handler: new URL/,
  ],
  [
    'with an operation whose own handler file is not there',
    { 'index.ts': catalogue(define('a', `, handler: new URL('./elsewhere.ts', import.meta.url)`)) },
    /Operation "a" has no handler file \/.*\/elsewhere\.ts: create it/,
  ],
  [
    'that imports a file that is not there',
    { 'index.ts': `import './missing.ts';\n${catalogue(define('a'))}` },
    /index\.ts.*Could not resolve ".\/missing\.ts"/s,
  ],
  [
    'that imports the AWS SDK',
    { 'index.ts': `import '@aws-sdk/client-s3';\n${catalogue(define('a'))}` },
    /index\.ts imports @aws-sdk\/client-s3, .*: import it in steps\.lambda\.ts/,
  ],
  [
    'that imports CDK',
    { 'index.ts': `import { Duration } from 'aws-cdk-lib';\nDuration;\n${catalogue(define('a'))}` },
    /index\.ts imports aws-cdk-lib,/,
  ],
  [
    'that imports a service of CDK',
    { 'index.ts': `import * as s3 from 'aws-cdk-lib/aws-s3';\ns3;\n${catalogue(define('a'))}` },
    /index\.ts imports aws-cdk-lib\/aws-s3,/,
  ],
  [
    'that leads to the AWS SDK through a helper',
    {
      'index.ts': `import { a } from './a/operation.ts';\nexport const operations = [a];`,
      'a/operation.ts': `import { helper } from '../shared/helper.ts';\nhelper();\nexport const a = ${define('a')};`,
      'shared/helper.ts': `import { S3Client } from '@aws-sdk/client-s3';\nexport const helper = () => new S3Client();`,
    },
    /\/shared\/helper\.ts imports @aws-sdk\/client-s3, .* catalogue index\.ts/,
  ],
  [
    'that leads to the AWS SDK through a dynamic import',
    { 'index.ts': `export const late = () => import('@aws-sdk/client-s3');\n${catalogue(define('a'))}` },
    /index\.ts imports @aws-sdk\/client-s3,/,
  ],
])('a catalogue %s is an error', async (_what, files, message) => {
  await expect(load(files)).rejects.toThrow(message);
});

test('a type import of the AWS SDK is allowed', async () => {
  const files = {
    'index.ts': `import type { S3Client } from '@aws-sdk/client-s3';\nexport type Client = S3Client;\n${catalogue(define('a'))}`,
    'a/steps.lambda.ts': handler,
  };
  expect((await load(files)).operations).toHaveLength(1);
});

test('an unknown name in `only` is an error with the known names', async () => {
  const files = { 'index.ts': catalogue(define('a'), define('b')) };
  await expect(load(files, { only: ['a', 'c'] })).rejects.toThrow(
    /index\.ts has no operation "c"\. .*: a, b\./,
  );
});

test('a retired operation leaves its tool name to another, and operations can share a listing', async () => {
  const text = `const listing = { toolName: 'list_a' };
${catalogue(define('a', ', retired: true, listing'), define('b', `, aliases: ['start_a'], listing`), define('c', ', listing'))}`;
  const handlers = Object.fromEntries(['a', 'b', 'c'].map((name) => [`${name}/steps.lambda.ts`, handler]));
  expect((await load({ 'index.ts': text, ...handlers })).operations).toHaveLength(3);
});
