/** `download` through the real endpoint, from servers that are slow, that lie, and that change their mind. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Client } from '@modelcontextprotocol/client';
import type { LocalCloud } from '../../local/cloud.ts';
import { assemblies } from '../support/assemblies.ts';
import { operationName } from '../support/operation-name.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { awsClients, call, connect } from '../support/test-cloud.ts';
import { rawArchive } from './build/hostile-archive.ts';

const MIB = 1024 * 1024;

let cloud: LocalCloud;
let client: Client;
let s3: S3Client;
let server: Server;
let origin: string;
/** What answers, by path. */
const serve = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>();
let asked: { readonly path: string; readonly range?: string }[];

/** 20 MiB that do not compress: three parts. */
const archive = rawArchive([
  { path: 'package.json', content: '{"name":"large","version":"1.0.0"}' },
  { path: 'noise.bin', content: randomBytes(20 * MIB) },
]);
const sha256 = createHash('sha256').update(archive).digest('hex');

beforeAll(async () => {
  cloud = await sharedCloud('app');
  client = await connect(cloud);
  ({ s3 } = awsClients(cloud));
  server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push({ path, range: request.headers.range });
    const answer = serve.get(path);
    if (answer) answer(request, response);
    else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  server.closeAllConnections();
  s3.destroy();
  await client.close();
});
beforeEach(() => {
  asked = [];
});

/** A server as it should be. @param pauseMs before each answer */
function ranged(content: Buffer, { etag = '"1"', pauseMs = 0 } = {}) {
  return async ({ headers }: IncomingMessage, response: ServerResponse) => {
    await delay(pauseMs);
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
    const isOther = headers['if-range'] !== undefined && headers['if-range'] !== etag;
    if (from === undefined || isOther) {
      response.writeHead(200, { etag, 'content-length': content.length }).end(content);
      return;
    }
    const end = Math.min(Number(to) + 1, content.length);
    const part = content.subarray(Number(from), end);
    response
      .writeHead(206, {
        etag,
        'content-range': `bytes ${from}-${end - 1}/${content.length}`,
        'content-length': part.length,
      })
      .end(part);
  };
}

async function download(path: string, project = 'fetched', more: object = {}) {
  return (
    await call(client, 'start_download', { url: `${origin}${path}`, project, wait_seconds: 30, ...more })
  ).data;
}

async function source(project: string): Promise<Buffer> {
  const { Body } = await s3.send(
    new GetObjectCommand({ Bucket: cloud.outputs.WorkspaceBucketName, Key: `projects/${project}.tar.gz` }),
  );
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

const ranges = (path: string) => asked.filter((each) => each.path === path).map(({ range }) => range);

test('a large archive comes in parts, and is the project then', async () => {
  serve.set('/large', ranged(archive));
  expect(await download('/large', 'large')).toMatchObject({
    status: 'completed',
    result: { source: '/projects/large.tar.gz', size: archive.length, sha256, files: 2 },
  });
  expect((await source('large')).equals(archive)).toBe(true);
  expect(ranges('/large')).toEqual([
    'bytes=0-0',
    `bytes=0-${8 * MIB - 1}`,
    `bytes=${8 * MIB}-${16 * MIB - 1}`,
    `bytes=${16 * MIB}-${archive.length - 1}`,
  ]);
  const { data } = await call(client, 'read_file', { project: 'large', path: 'package.json' });
  expect(data.content).toContain('"large"');
});

test('progress is by bytes', async () => {
  serve.set('/slow', ranged(archive, { pauseMs: 2_500 }));
  const { job_id } = await download('/slow', 'slow', { wait_seconds: 0 });
  const seen: string[] = [];
  for (;;) {
    const { data } = await call(client, 'check_job', { job_id, include: ['details'] });
    if (data.message) seen.push(data.message);
    if (data.status === 'completed') break;
    await delay(1_000);
  }
  expect(seen).toContain('8 MiB of 20 MiB');
}, 40_000);

test('a function that is killed in the middle goes on with the part that it had not got', async () => {
  serve.set('/killed', ranged(archive, { pauseMs: 1_500 }));
  const { job_id } = await download('/killed', 'killed', { wait_seconds: 0 });
  const name = await operationName(assemblies.app, 'download');
  // The second part has been asked for, so the first is there.
  while (ranges('/killed').length < 3) await delay(20);
  expect(cloud.interrupt(name)).toBeGreaterThan(0);
  let { data } = await call(client, 'check_job', { job_id, wait_seconds: 30 });
  if (data.status === 'running') ({ data } = await call(client, 'check_job', { job_id, wait_seconds: 30 }));
  expect(data).toMatchObject({ status: 'completed', result: { sha256 } });
  const first = `bytes=0-${8 * MIB - 1}`;
  expect(ranges('/killed').filter((range) => range === first)).toHaveLength(1);
  expect(ranges('/killed').filter((range) => range === `bytes=${8 * MIB}-${16 * MIB - 1}`)).toHaveLength(2);
}, 70_000);

test('a server without ranges is read in one, and redirects are followed', async () => {
  const small = rawArchive([{ path: 'package.json', content: '{}' }]);
  serve.set('/plain', (_request, response) => void response.writeHead(200).end(small));
  serve.set('/moved', (_request, response) => void response.writeHead(302, { location: '/plain' }).end());
  expect(await download('/moved')).toMatchObject({ status: 'completed', result: { size: small.length } });
});

test('a connection that breaks off is tried again, and goes on', async () => {
  let isFirst = true;
  const good = ranged(archive);
  serve.set('/breaks', (request, response) => {
    if (!request.headers.range?.startsWith(`bytes=${8 * MIB}`) || !isFirst)
      return void good(request, response);
    isFirst = false;
    response.writeHead(206, {
      etag: '"1"',
      'content-range': `bytes ${8 * MIB}-${16 * MIB - 1}/${archive.length}`,
      'content-length': 8 * MIB,
    });
    response.write(archive.subarray(8 * MIB, 9 * MIB), () => response.destroy());
  });
  expect(await download('/breaks')).toMatchObject({ status: 'completed', result: { sha256 } });
  expect(ranges('/breaks').filter((range) => range === `bytes=0-${8 * MIB - 1}`)).toHaveLength(1);
});

describe('refused, naming why:', () => {
  const small = rawArchive([{ path: 'package.json', content: '{}' }]);

  test.each<[string, string, (request: IncomingMessage, response: ServerResponse) => void, string]>([
    ['nothing there', '/404', (_request, response) => void response.writeHead(404).end(), 'DOWNLOAD_FAILED'],
    [
      'more than the limit, as it says',
      '/says',
      (_request, response) =>
        void response.writeHead(206, { 'content-range': `bytes 0-0/${101 * MIB}` }).end('x'),
      'SOURCE_TOO_LARGE',
    ],
    [
      'more than the limit, as it turns out',
      '/endless',
      (_request, response) => {
        response.writeHead(200);
        const chunk = randomBytes(MIB);
        const more = () => {
          while (!response.destroyed && response.write(chunk));
          if (!response.destroyed) response.once('drain', more);
        };
        more();
      },
      'SOURCE_TOO_LARGE',
    ],
    [
      'a part of another version',
      '/changes',
      (request, response) =>
        void ranged(archive, { etag: request.headers.range === 'bytes=0-0' ? '"1"' : '"2"' })(
          request,
          response,
        ),
      'DOWNLOAD_CHANGED',
    ],
    [
      'what has shrunk',
      '/shrinks',
      (request, response) =>
        void ranged(request.headers.range === 'bytes=0-0' ? archive : small)(request, response),
      'DOWNLOAD_CHANGED',
    ],
    [
      'a part that is longer than it was to be',
      '/longer',
      (request, response) => {
        if (request.headers.range === 'bytes=0-0') return void ranged(archive)(request, response);
        response.writeHead(206, { 'content-range': `bytes 0-${8 * MIB - 1}/${archive.length}` });
        response.end(archive.subarray(0, 9 * MIB));
      },
      'SOURCE_TOO_LARGE',
    ],
    ['no archive', '/text', (_request, response) => void response.end('hello'), 'SOURCE_INVALID'],
    ['nothing at all', '/empty', (_request, response) => void response.end(), 'SOURCE_INVALID'],
    [
      'a redirect to the metadata service',
      '/inside',
      (_request, response) =>
        void response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end(),
      'URL_REFUSED',
    ],
    [
      'a redirect that goes round',
      '/round',
      (_request, response) => void response.writeHead(302, { location: '/round' }).end(),
      'DOWNLOAD_FAILED',
    ],
  ])('%s', async (_what, path, answer, code) => {
    serve.set(path, answer);
    expect(await download(path, 'refused')).toMatchObject({ status: 'failed', error: { code } });
    await expect(source('refused')).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  test.each([
    'http://10.0.0.1/x',
    'https://192.168.1.1/x',
    'https://[fd00::1]/x',
    'ftp://example.com/x',
    'https://user:secret@example.com/x',
    'not a url',
  ])('the address %s', async (url) => {
    const { data } = await call(client, 'start_download', { url, project: 'refused', wait_seconds: 20 });
    expect(data).toMatchObject({ status: 'failed', error: { code: 'URL_REFUSED', step: 'probe' } });
  });
});
