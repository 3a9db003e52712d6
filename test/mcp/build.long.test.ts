/** Hostile and broken sources, through the real endpoint: each job fails with a code, and leaves no file behind. */
import { gzipSync } from 'node:zlib';
import { ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Client } from '@modelcontextprotocol/client';
import type { LocalCloud } from '../../local/cloud.ts';
import { type RawEntry, rawArchive } from '../operations/build/hostile-archive.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { awsClients, call, connect } from '../support/test-cloud.ts';

let cloud: LocalCloud;
let client: Client;
let s3: S3Client;

beforeAll(async () => {
  cloud = await sharedCloud('app');
  client = await connect(cloud);
  ({ s3 } = awsClients(cloud));
});
afterAll(async () => {
  s3.destroy();
  await client.close();
});

const Bucket = () => cloud.outputs.WorkspaceBucketName;

const upload = (project: string, Body: Buffer) =>
  s3.send(new PutObjectCommand({ Bucket: Bucket(), Key: `projects/${project}.tar.gz`, Body }));

async function keys(): Promise<(string | undefined)[]> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: Bucket() }));
  return Contents.map(({ Key }) => Key);
}

const packageJson: RawEntry = { path: 'package.json', content: '{"name":"x","version":"1.0.0"}' };

test.each<[string, () => Buffer, string, RegExp]>([
  ['is corrupt', () => Buffer.from('this is no archive'), 'SOURCE_INVALID', /archive/],
  ['is cut off', () => rawArchive([packageJson]).subarray(0, 60), 'SOURCE_INVALID', /archive/],
  ['is empty', () => rawArchive([]), 'SOURCE_INVALID', /archive/],
  [
    'has no package.json',
    () => rawArchive([{ path: 'readme.md', content: 'x' }]),
    'SOURCE_INVALID',
    /package\.json/,
  ],
  [
    'has a package.json that is not JSON',
    () => rawArchive([{ path: 'package.json', content: '{' }]),
    'SOURCE_INVALID',
    /package\.json/,
  ],
  [
    'has an absolute path',
    () => rawArchive([packageJson, { path: '/etc/evil' }]),
    'SOURCE_INVALID',
    /\/etc\/evil/,
  ],
  [
    'climbs out with ".."',
    () => rawArchive([packageJson, { path: '../evil' }]),
    'SOURCE_INVALID',
    /\.\.\/evil/,
  ],
  [
    'links out of the tree',
    () => rawArchive([packageJson, { path: 'a', linkpath: '../../etc', type: 'SymbolicLink' }]),
    'SOURCE_INVALID',
    /link "a"/,
  ],
  [
    'unpacks past the limit',
    // 17 gzip members of 64 MiB of zeros are one gzip file of a megabyte, and past the limit of a gigabyte.
    () =>
      Buffer.concat([
        rawArchive([packageJson, { path: 'zeros', size: 2 ** 31 }], Buffer.alloc(0)),
        ...Array<Buffer>(17).fill(gzipSync(Buffer.alloc(64 * 1024 * 1024))),
      ]),
    'SOURCE_TOO_LARGE',
    /1,024 MiB/,
  ],
])('a source that %s', async (_what, archive, code, message) => {
  await upload('hostile', archive());
  const before = await keys();
  const { data } = await call(client, 'start_build', { project: 'hostile', wait_seconds: 30 });
  expect(data).toMatchObject({
    status: 'failed',
    error: { code, step: 'install', message: expect.stringMatching(message), retryable: false },
  });
  // The log of the step says what happened; no snapshot and no artifact is there.
  const left = (await keys()).filter((key) => !before.includes(key) && !key?.startsWith('logs/'));
  expect(left).toEqual([]);
});

test('a project without a lock file, a build or tests is packed as it is, and says what was skipped', async () => {
  await upload('plain', rawArchive([packageJson, { path: 'main.js', content: 'console.log(1)' }]));
  const { data } = await call(client, 'start_build', { project: 'plain', wait_seconds: 30 });
  expect(data).toMatchObject({
    status: 'completed',
    result: { artifact: '/builds/plain.tar.gz', skipped: ['build', 'test'] },
  });
  expect(data.files).toMatchObject([{ name: 'plain.tar.gz', sha256: data.result.sha256 }]);
});

test('the retry of a build begins at the step that failed, with the tree that the steps before have left', async () => {
  const scripts = { build: "node -e \"fs.writeFileSync('built', '1')\"", test: 'ls built && exit 7' };
  const content = JSON.stringify({ name: 'x', version: '1.0.0', scripts });
  await upload('failing', rawArchive([{ path: 'package.json', content }]));
  const { data: failed } = await call(client, 'start_build', { project: 'failing', wait_seconds: 30 });
  const error = { code: 'SCRIPT_FAILED', step: 'test', details: { exit_code: 7 } };
  expect(failed).toMatchObject({ status: 'failed', error });

  const { data: retry } = await call(client, 'retry_job', { job_id: failed.job_id });
  const check = { job_id: retry.job_id, wait_seconds: 30, include: ['timeline'] };
  const { data } = await call(client, 'check_job', check);
  expect(data).toMatchObject({ status: 'failed', error, log_tail: expect.arrayContaining(['built']) });
  const statuses = data.timeline.steps.map(({ step, status }: Record<string, string>) => `${step} ${status}`);
  expect(statuses).toEqual(['install reused', 'compile reused', 'test failed', 'package pending']);
});
