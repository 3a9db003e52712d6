/** A presigned URL is what it says: every change to it, and every other use of it, is refused. */
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { LocalCloud } from '../../../local/cloud.ts';
import { sharedCloud } from '../../support/shared-cloud.ts';
import { awsClients } from '../../support/test-cloud.ts';

let cloud: LocalCloud;
let s3: S3Client;
/** Adds no checksum of nothing to what it signs. */
let plain: S3Client;
let Bucket: string;

beforeAll(async () => {
  cloud = await sharedCloud();
  ({ s3 } = awsClients(cloud));
  plain = new S3Client({
    region: 'us-east-1',
    endpoint: cloud.environment.AWS_ENDPOINT_URL_S3,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  Bucket = cloud.outputs.WorkspaceBucketName ?? '';
  for (const Key of ['mine', 'other']) await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'text' }));
});
afterAll(async () => {
  s3.destroy();
  plain.destroy();
});

const readUrl = (options: object = {}) =>
  getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: 'mine' }), { expiresIn: 60, ...options });

const codeOf = async (response: Response) => /<Code>(.*)<\/Code>/.exec(await response.text())?.[1];

test('it works as it was signed, as often as one likes', async () => {
  const url = await readUrl();
  for (const response of [await fetch(url), await fetch(url)]) expect(await response.text()).toBe('text');
});

test.each<[string, (url: string) => string]>([
  ['another object', (url) => url.replace('/mine?', '/other?')],
  ['a longer life', (url) => url.replace('X-Amz-Expires=60', 'X-Amz-Expires=6000')],
  ['a later date', (url) => url.replace(/X-Amz-Date=\d{8}/, 'X-Amz-Date=20990101')],
  ['another header of the answer', (url) => `${url}&response-content-type=text%2Fhtml`],
  ['no signature worth the name', (url) => url.replace(/X-Amz-Signature=\w+/, 'X-Amz-Signature=0')],
])('with %s it is refused', async (_change, change) => {
  const response = await fetch(change(await readUrl()));
  expect([response.status, await codeOf(response)]).toEqual([403, 'SignatureDoesNotMatch']);
});

test('what was signed for reading does not write or delete', async () => {
  const url = await readUrl();
  for (const init of [{ method: 'PUT', body: 'changed' }, { method: 'DELETE' }]) {
    const response = await fetch(url, init);
    expect([response.status, await codeOf(response)]).toEqual([403, 'SignatureDoesNotMatch']);
  }
  expect(await (await fetch(url)).text()).toBe('text');
});

test('what was signed for writing takes just the size that was signed, and makes no copy', async () => {
  const command = new PutObjectCommand({ Bucket, Key: 'new', ContentLength: 4 });
  const url = await getSignedUrl(plain, command, { expiresIn: 60 });
  const longer = await fetch(url, { method: 'PUT', body: 'longer' });
  expect([longer.status, await codeOf(longer)]).toEqual([403, 'SignatureDoesNotMatch']);
  const copy = await fetch(url, {
    method: 'PUT',
    body: 'four',
    headers: { 'x-amz-copy-source': `${Bucket}/other` },
  });
  expect([copy.status, await codeOf(copy)]).toEqual([403, 'AccessDenied']);
  expect((await fetch(url, { method: 'PUT', body: 'four' })).status).toBe(200);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: 'new' }));
  expect(await Body?.transformToString()).toBe('four');
});

test('it ends', async () => {
  const response = await fetch(await readUrl({ signingDate: new Date(Date.now() - 61_000) }));
  expect([response.status, await codeOf(response)]).toEqual([403, 'AccessDenied']);
});
