/** `search` through the real endpoint: at once up to a thousand files, as a job beyond, and never for ever. */
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Client } from '@modelcontextprotocol/client';
import type { LocalCloud } from '../../local/cloud.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { awsClients, call, connect } from '../support/test-cloud.ts';
import { rawArchive } from './build/hostile-archive.ts';

let cloud: LocalCloud;
let client: Client;
let s3: S3Client;

beforeAll(async () => {
  cloud = await sharedCloud('app');
  client = await connect(cloud);
  ({ s3 } = awsClients(cloud));
  await put('app', {
    'src/main.ts': 'import x from "./x";\n\nexport const Main = 1;\n// TODO: more\nlast',
    'src/deep/er/x.ts': '// TODO one\n// todo two\r\n// TODO three',
    'docs/x.md': 'TODO\n',
    'data.bin': Buffer.from('TODO\0'),
  });
});
afterAll(async () => {
  s3.destroy();
  await client.close();
});

const put = (project: string, files: Readonly<Record<string, string | Buffer>>) =>
  s3.send(
    new PutObjectCommand({
      Bucket: cloud.outputs.WorkspaceBucketName,
      Key: `projects/${project}.tar.gz`,
      Body: rawArchive(
        Object.entries({ 'package.json': '{}', ...files }).map(([path, content]) => ({ path, content })),
      ),
    }),
  );

const search = (args: object, project = 'app') => call(client, 'search_project', { project, ...args });

/** Without package.json. */
const manyFiles = (count: number, content: (index: number) => string) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`files/${index}.txt`, content(index)]));

test('every matching line is answered with its file and number, and no job is made', async () => {
  const { data, text } = await search({ pattern: 'TODO' });
  expect(data).toEqual({
    status: 'completed',
    progress: 1,
    error: null,
    result: {
      matches: [
        { file: 'src/main.ts', line: 4, text: '// TODO: more' },
        { file: 'src/deep/er/x.ts', line: 1, text: '// TODO one' },
        { file: 'src/deep/er/x.ts', line: 3, text: '// TODO three' },
        { file: 'docs/x.md', line: 1, text: 'TODO' },
      ],
      total: 4,
      complete: true,
      files_searched: 4,
      files_skipped: 1,
    },
  });
  expect(text).toContain('src/main.ts:4: // TODO: more');
  expect((await call(client, 'list_jobs')).data.jobs).toEqual([]);
});

test('the earlier name of the tool still works', async () => {
  const { data } = await call(client, 'search', { project: 'app', pattern: 'TODO' });
  expect(data).toMatchObject({ status: 'completed', result: { total: 4 } });
});

test('projects are listed for everyone who may read jobs', async () => {
  const { data, text } = await call(client, 'list_projects');
  expect(data.projects).toContainEqual({
    name: 'app',
    size: expect.any(Number),
    updated_at: expect.stringMatching(/^\d{4}-/),
  });
  expect(text).toContain('app (');
});

test('case and context are as they are asked for', async () => {
  const { data } = await search({ pattern: 'MAIN', case_sensitive: false, context: 2 });
  expect(data.result.matches).toEqual([
    {
      file: 'src/main.ts',
      line: 3,
      text: 'export const Main = 1;',
      before: ['import x from "./x";', ''],
      after: ['// TODO: more', 'last'],
    },
  ]);
});

test.each([
  ['*.md', ['docs/x.md']],
  ['x.*', ['src/deep/er/x.ts', 'docs/x.md']],
  ['src/*.ts', ['src/main.ts']],
  ['src/**/*.ts', ['src/main.ts', 'src/deep/er/x.ts']],
  ['**/er/**', ['src/deep/er/x.ts']],
  ['{docs,src}/?.md', ['docs/x.md']],
  ['src/[!a-l]ain.ts', ['src/main.ts']],
])('the glob %s is of %j', async (glob, files) => {
  const { data } = await search({ pattern: 'TODO', glob });
  expect([...new Set(data.result.matches.map(({ file }: { file: string }) => file))]).toEqual(files);
});

test.each([
  ['nothing/*', /"nothing\/\*", so nothing was searched\..*\*\*\/ crosses directories/],
  ['docs', /It names a directory: use "docs\/\*\*"/],
  ['src\\main.ts', /backslash makes the next character literal/],
])('the glob %s selects no file, and the result says so', async (glob, note) => {
  const { data, text } = await search({ pattern: 'TODO', glob });
  expect(data.result).toMatchObject({ matches: [], files_searched: 0, note: expect.stringMatching(note) });
  expect(text).toMatch(note);
});

test.each([
  ['an unclosed group', { pattern: '(' }, /^PATTERN_INVALID: pattern: /],
  ['a backreference', { pattern: '(a)\\1' }, /^PATTERN_INVALID: pattern: .*RE2/],
  ['lookahead', { pattern: 'a(?=b)' }, /^PATTERN_INVALID: /],
  ['a repetition that explodes', { pattern: '((a{1000}){1000}){1000}' }, /^PATTERN_INVALID: /],
  ['an unclosed brace', { pattern: 'a', glob: '{a' }, /^PATTERN_INVALID: glob: /],
  ['no pattern', {}, /^INVALID_ARGUMENTS: .*pattern/],
  ['too much context', { pattern: 'a', context: 11 }, /^INVALID_ARGUMENTS: .*context/],
])('%s is refused, naming the field', async (_what, args, message) => {
  const { isError, text } = await search(args);
  expect(isError).toBe(true);
  expect(text).toMatch(message);
});

test('a glob finds a name in its other Unicode form', async () => {
  await put('names', { 'cafe\u0301/menu.md': 'TODO' });
  const { data } = await search({ pattern: 'TODO', glob: 'caf\u00e9/*' }, 'names');
  expect(data.result.matches).toMatchObject([{ file: 'cafe\u0301/menu.md' }]);
});

test('a pattern that takes other engines for ever takes a moment', async () => {
  await put('slow', { 'a.txt': `${'a'.repeat(50_000)}!` });
  const { data } = await search({ pattern: '^(a+)+$|(a|aa)+$' }, 'slow');
  expect(data.result).toMatchObject({ total: 0, files_searched: 2 });
});

test('1,000 files are searched at once, 1,001 by a job', async () => {
  // package.json is the one more.
  await put(
    'thousand',
    manyFiles(999, (index) => `needle ${index}`),
  );
  const { data: at1000 } = await search({ pattern: 'needle' }, 'thousand');
  expect(at1000).toMatchObject({ status: 'completed', result: { total: 999, files_searched: 1_000 } });
  expect(at1000.job_id).toBeUndefined();

  await put(
    'more',
    manyFiles(1_000, (index) => `needle ${index}`),
  );
  const { data: at1001 } = await search({ pattern: 'needle' }, 'more');
  expect(at1001).toMatchObject({ status: 'pending' });
  const { data: ended } = await call(client, 'check_job', { job_id: at1001.job_id, wait_seconds: 10 });
  expect(ended).toMatchObject({ status: 'completed', result: { total: 1_000, files_searched: 1_001 } });
  // What a glob leaves out does not count.
  const { data: narrow } = await search({ pattern: 'needle', glob: 'files/1*.txt' }, 'more');
  expect(narrow).toMatchObject({ status: 'completed', result: { files_searched: 111 } });
  expect(narrow.job_id).toBeUndefined();
});

test('with wait_seconds the job is waited for, and the same key finds the same job', async () => {
  await put(
    'more',
    manyFiles(1_000, (index) => `needle ${index}`),
  );
  const args = { pattern: 'needle', wait_seconds: 10, idempotency_key: 'k' };
  const { data } = await search(args, 'more');
  expect(data).toMatchObject({ status: 'completed', result: { total: 1_000 } });
  expect((await search(args, 'more')).data.job_id).toBe(data.job_id);
});

test('more matches than an answer can hold are all in a file', async () => {
  await put('many', { 'big.txt': 'needle in a haystack\n'.repeat(20_000) });
  const { data } = await search({ pattern: 'needle', include: ['links'] }, 'many');
  expect(data.result).toMatchObject({ total: 20_000, complete: true });
  expect(data.result.matches.length).toBeLessThan(20_000);
  expect(data.files).toMatchObject([{ name: 'matches.jsonl' }]);
  const lines = (await (await fetch(data.files[0].url)).text()).trimEnd().split('\n');
  expect(lines).toHaveLength(20_000);
  expect(JSON.parse(lines[19_999] ?? '')).toEqual({
    file: 'big.txt',
    line: 20_000,
    text: 'needle in a haystack',
  });
});

test('it stops at 100,000 matches, and says so', async () => {
  await put('endless', { 'a.txt': 'x\n'.repeat(100_000), 'b.txt': 'x\n' });
  const { data } = await search({ pattern: 'x', glob: '*.txt' }, 'endless');
  expect(data.result).toMatchObject({ total: 100_000, complete: false, files_searched: 1 });
});
