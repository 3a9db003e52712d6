/** The workspace on a real S3 protocol: what is stored, and what is left when something goes wrong. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { countedUse, countingUse } from '../../lambdas/shared/usage.ts';
import { S3Workspace } from '../../lambdas/workspace/s3-workspace.ts';

const Bucket = 'workspace';
const missing = new Error('missing');
const tooLarge = new Error('too large');

let server: FauxqsServer;
let client: S3Client;
let workspace: S3Workspace;
let directory: string;

function clientOf(port: number): S3Client {
  return new S3Client({
    endpoint: `http://127.0.0.1:${port}`,
    forcePathStyle: true,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
    // The SDK warns of each request it cannot repeat; here they are made on purpose.
    logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  });
}

beforeAll(async () => {
  server = await startFauxqs({ port: 0, logger: false });
  client = clientOf(server.port);
  await client.send(new CreateBucketCommand({ Bucket }));
  workspace = new S3Workspace(client, Bucket);
});
afterAll(async () => {
  client.destroy();
  await server.stop();
});
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 's3-workspace-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const options = (override: object = {}) => ({
  signal: new AbortController().signal,
  maxBytes: 1_000_000,
  missing,
  tooLarge,
  ...override,
});

test('A file goes into the bucket and comes back the same, with its size and hash', async () => {
  const content = randomBytes(300_000);
  await writeFile(join(directory, 'a'), content);
  const { signal } = options();
  const uploaded = await workspace.upload('builds/a.tar.gz', join(directory, 'a'), {
    signal,
    contentType: 'application/gzip',
  });
  expect(uploaded).toEqual({ size: 300_000, sha256: createHash('sha256').update(content).digest('hex') });
  const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'builds/a.tar.gz' }));
  expect(head).toMatchObject({ ContentLength: 300_000, ContentType: 'application/gzip' });
  expect(await workspace.download('builds/a.tar.gz', join(directory, 'b'), options())).toEqual(uploaded);
  expect(await readFile(join(directory, 'b'))).toEqual(content);
});

test('An empty file is a file', async () => {
  await writeFile(join(directory, 'a'), '');
  const { signal } = options();
  await workspace.upload('empty', join(directory, 'a'), { signal, contentType: 'text/plain' });
  expect(await workspace.download('empty', join(directory, 'b'), options())).toMatchObject({ size: 0 });
  expect(await readdir(directory)).toEqual(['a', 'b']);
});

test('What is not there is the error that the caller chose', async () => {
  await expect(workspace.download('nowhere', join(directory, 'a'), options())).rejects.toBe(missing);
  expect(await readdir(directory)).toEqual([]);
});

test('An object of exactly the limit is downloaded, one byte more is not', async () => {
  await client.send(new PutObjectCommand({ Bucket, Key: 'large', Body: Buffer.alloc(1_000) }));
  await workspace.download('large', join(directory, 'a'), options({ maxBytes: 1_000 }));
  const attempt = workspace.download('large', join(directory, 'b'), options({ maxBytes: 999 }));
  await expect(attempt).rejects.toBe(tooLarge);
  expect(await readdir(directory)).toEqual(['a']);
});

test('An abort throws its reason, in both directions', async () => {
  const reason = new Error('cancelled');
  const signal = AbortSignal.abort(reason);
  await writeFile(join(directory, 'a'), 'x');
  await client.send(new PutObjectCommand({ Bucket, Key: 'x', Body: 'x' }));
  await expect(workspace.download('x', join(directory, 'b'), options({ signal }))).rejects.toBe(reason);
  const upload = workspace.upload('y', join(directory, 'a'), { signal, contentType: 'text/plain' });
  await expect(upload).rejects.toBe(reason);
  expect(await readdir(directory)).toEqual(['a']);
});

test('A bucket that is not there is no matter of trying again', async () => {
  const nowhere = new S3Workspace(client, 'nowhere');
  await expect(nowhere.download('x', join(directory, 'a'), options())).rejects.toMatchObject({
    name: 'NoSuchBucket',
  });
});

test('A connection that breaks in the middle leaves no file, and may be tried again', async () => {
  const broken: Server = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': 1_000 });
    response.write('the beginning', () => response.destroy());
  });
  await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve));
  const brokenClient = clientOf((broken.address() as AddressInfo).port);
  const attempt = new S3Workspace(brokenClient, Bucket).download('x', join(directory, 'a'), options());
  await expect(attempt).rejects.toMatchObject({ code: 'WORKSPACE_UNAVAILABLE', retryable: true });
  expect(await readdir(directory)).toEqual([]);
  brokenClient.destroy();
  broken.close();
});

test('A service that fails to take a file may be asked again', async () => {
  const failing: Server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(503).end());
  });
  await new Promise<void>((resolve) => failing.listen(0, '127.0.0.1', resolve));
  const failingClient = clientOf((failing.address() as AddressInfo).port);
  await writeFile(join(directory, 'a'), 'x');
  const { signal } = options();
  const attempt = new S3Workspace(failingClient, Bucket).upload('x', join(directory, 'a'), {
    signal,
    contentType: 'text/plain',
  });
  await expect(attempt).rejects.toMatchObject({ code: 'WORKSPACE_UNAVAILABLE', retryable: true });
  failingClient.destroy();
  failing.close();
});

test('A text counts as stored once, however often it is replaced', async () => {
  const { signal } = options();
  const used = await countingUse(async () => {
    const version = await workspace.replace('work/a.json', '{"é":1}', undefined, signal);
    await workspace.replace('work/a.json', '{"é":2}', version, signal);
    return countedUse();
  });
  expect(used).toEqual({ puts: 2, byteDays: 8 });
});
