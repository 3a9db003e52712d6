/** `read_file` through the real endpoint: what is answered, and what is refused. */
import { randomBytes } from 'node:crypto';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Client } from '@modelcontextprotocol/client';
import type { LocalCloud } from '../../local/cloud.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { awsClients, call, connect } from '../support/test-cloud.ts';
import { rawArchive } from './build/hostile-archive.ts';

let cloud: LocalCloud;
let client: Client;
let s3: S3Client;

const large = randomBytes(100_000);
const text = 'first line\nzweite Zeile mit ä und 😀\n';

beforeAll(async () => {
  cloud = await sharedCloud('app');
  client = await connect(cloud);
  ({ s3 } = awsClients(cloud));
  const files: [string, string | Buffer][] = [
    ['package.json', '{"name":"app","version":"1.0.0"}'],
    ['src/main.ts', 'overwritten'],
    ['src/main.ts', text],
    ['src/empty', ''],
    ['src/cafe\u0301.txt', 'decomposed'],
    ['src/a name with spaces', 'x'],
    ['exactly.txt', 'x'.repeat(64 * 1024)],
    ['large.bin', large],
    ['small.bin', Buffer.from([0, 255, 1, 254])],
  ];
  const entries = files.map(([path, content]) => ({ path: `top/${path}`, content }));
  await put(
    'app',
    rawArchive([
      ...entries,
      { path: 'top/link', type: 'SymbolicLink', linkpath: 'src/main.ts' },
      { path: 'top/src/same.ts', type: 'Link', linkpath: 'top/src/main.ts' },
      { path: '._top', content: 'Mac OS X' },
    ]),
  );
  await put('broken', Buffer.from('no archive'));
});
afterAll(async () => {
  s3.destroy();
  await client.close();
});

const put = (project: string, Body: Buffer) =>
  s3.send(
    new PutObjectCommand({
      Bucket: cloud.outputs.WorkspaceBucketName,
      Key: `projects/${project}.tar.gz`,
      Body,
    }),
  );

let callers = 0;

/** Each by somebody else: one owner may not call so often. */
async function read(
  path: string,
  range?: { start: number; end?: number },
  project = 'app',
  more: object = {},
) {
  const caller = await connect(cloud, { owner: `caller-${callers++}` });
  const answer = await call(caller, 'read_project_file', { project, path, ...(range && { range }), ...more });
  await caller.close();
  return answer;
}

test('text is answered as it is, of the last entry with its path', async () => {
  const { data, text: shown, isError } = await read('src/main.ts');
  expect(isError).toBeFalsy();
  const size = Buffer.byteLength(text);
  expect(data).toMatchObject({ path: 'src/main.ts', size, encoding: 'utf-8', content: text });
  expect(data.sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(shown).toBe(text);
});

test.each(['./src//main.ts', 'src/./main.ts'])('%s is the same file', async (path) => {
  expect((await read(path)).data).toMatchObject({ path: 'src/main.ts', content: text });
});

test('a hard link is its file, and a name is found in its other Unicode form', async () => {
  expect((await read('src/same.ts')).data).toMatchObject({ path: 'src/same.ts', content: text });
  expect((await read('src/caf\u00e9.txt')).data).toMatchObject({ content: 'decomposed' });
});

test('an empty file is empty text, and a name may have spaces', async () => {
  expect((await read('src/empty')).data).toMatchObject({ size: 0, encoding: 'utf-8', content: '' });
  expect((await read('src/a name with spaces')).data).toMatchObject({ content: 'x' });
});

test('what is no text is answered in base64', async () => {
  expect((await read('small.bin')).data).toMatchObject({ encoding: 'base64', content: 'AP8B/g==', size: 4 });
});

test('64 KiB are shown, and more is listed without a URL until one is asked for', async () => {
  expect((await read('exactly.txt')).data.content).toHaveLength(64 * 1024);
  const { data, text: shown } = await read('large.bin');
  expect(data).toMatchObject({ size: 100_000 });
  expect(data.content).toBeUndefined();
  expect(data.files).toMatchObject([{ name: 'large.bin', size: 100_000 }]);
  expect(data.next).toContain('include: ["links"]');
  expect(shown).toContain(`Files: large.bin (100,000 bytes).\n${data.next}`);
  expect(JSON.stringify(data) + shown).not.toContain('X-Amz-Signature');
  const { data: linked } = await read('large.bin', undefined, 'app', { include: ['links'] });
  const response = await fetch(linked.files[0].url);
  expect(Buffer.from(await response.arrayBuffer()).equals(large)).toBe(true);
});

test('a range of bytes is answered, and a character that it cuts is left out on either side', async () => {
  expect((await read('src/main.ts', { start: 0, end: 5 })).data).toMatchObject({
    content: 'first',
    range: { start: 0, end: 5 },
  });
  const bytes = Buffer.from(text);
  const [umlaut, smile] = [bytes.indexOf('ä'), bytes.indexOf('😀')];
  expect((await read('src/main.ts', { start: umlaut + 1, end: smile + 3 })).data).toMatchObject({
    content: ' und ',
    range: { start: umlaut + 2, end: smile },
  });
  expect((await read('src/main.ts', { start: smile })).data).toMatchObject({ content: '😀\n' });
  expect((await read('large.bin', { start: 99_000 })).data).toMatchObject({
    encoding: 'base64',
    content: large.subarray(99_000).toString('base64'),
  });
});

test.each([
  ['starts at the end', { start: 100_000 }, /"large.bin" has 100000 bytes/],
  ['ends after the end', { start: 0, end: 100_001 }, /is outside the file/],
  ['ends before it starts', { start: 10, end: 10 }, /ends before it starts/],
  ['is too large', { start: 0, end: 65_537 }, /exceeds 65536 bytes/],
])('a range that %s is refused with the size', async (_why, range, message) => {
  const { isError, data } = await read('large.bin', range);
  expect(isError).toBe(true);
  expect(data.error).toMatchObject({ code: 'RANGE_INVALID', details: { size: 100_000 } });
  expect(data.error.message).toMatch(message);
});

test.each([
  ['../app/package.json', 'PATH_REFUSED'],
  ['src/../../x', 'PATH_REFUSED'],
  ['/etc/passwd', 'PATH_REFUSED'],
  ['C:\\windows', 'PATH_REFUSED'],
  ['src\\main.ts', 'PATH_REFUSED'],
  ['%2e%2e/x', 'PATH_REFUSED'],
  ['src%2fmain.ts', 'PATH_REFUSED'],
  ['src/main.ts\0.png', 'PATH_REFUSED'],
  ['.', 'PATH_REFUSED'],
  ['link', 'FILE_NOT_FOUND'],
  ['src', 'FILE_NOT_FOUND'],
  ['nowhere', 'FILE_NOT_FOUND'],
])('the path %j is refused: %s', async (path, code) => {
  const { isError, data } = await read(path);
  expect([isError, data.error.code]).toEqual([true, code]);
});

test('a link names what to read, and a directory how to find its files', async () => {
  expect((await read('link')).text).toContain('"src/main.ts"');
  expect((await read('src')).text).toContain('src/**');
});

test('a project that is not there, or no archive, is said to be', async () => {
  expect((await read('x', undefined, 'nowhere')).data.error.code).toBe('PROJECT_NOT_FOUND');
  expect((await read('x', undefined, 'broken')).data.error.code).toBe('SOURCE_INVALID');
});

test('who calls too often is told how long to wait', async () => {
  const refused: Awaited<ReturnType<typeof call>>[] = [];
  // One after the other, and so by one instance, which is what remembers callers.
  for (let index = 0; index < 40; index += 1) {
    // A project that does not exist: unpacking one takes so long on a busy machine that no call is too soon.
    const answer = await call(client, 'read_project_file', { project: 'nowhere', path: 'src/main.ts' });
    if (answer.data.error.code !== 'PROJECT_NOT_FOUND') refused.push(answer);
  }
  expect(refused.length).toBeGreaterThan(0);
  expect(refused[0]?.data.error).toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    retryable: true,
    details: { limit: 'calls_per_second' },
  });
});

test('it leaves no job behind', async () => {
  expect((await call(client, 'list_jobs')).data.jobs).toEqual([]);
});
