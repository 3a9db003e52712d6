/** `download` through the real endpoint, from servers that are slow, that lie, and that change their mind. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
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
type Serve = (request: IncomingMessage, response: ServerResponse) => void;
/** What answers, by path. */
const serve = new Map<string, Serve>();
let asked: { readonly path: string; readonly range?: string }[];

/** An archive that does not compress, and its hash. */
function noise(bytes: number) {
  const content = rawArchive([
    { path: 'package.json', content: '{"name":"large","version":"1.0.0"}' },
    { path: 'noise.bin', content: randomBytes(bytes) },
  ]);
  return { content, sha256: createHash('sha256').update(content).digest('hex') };
}
/** Two parts. */
const { content: archive, sha256 } = noise(10 * MIB);

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

/** A server as it should be. */
function ranged(content: Buffer, { etag = '"1"' } = {}): Serve {
  return ({ headers }: IncomingMessage, response: ServerResponse) => {
    const [, from] = /^bytes=(\d+)-$/.exec(headers.range ?? '') ?? [];
    const isOther = headers['if-range'] !== undefined && headers['if-range'] !== etag;
    const start = from === undefined || isOther ? 0 : Number(from);
    const rest = content.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, {
      etag,
      'content-length': rest.length,
      ...(start > 0 && { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` }),
    });
    response.end(rest);
  };
}

/** Sends 9 MiB of what it is asked for, then breaks off. Later requests go to the other server. */
function breaking(then: Serve, headers: Record<string, string | number> = { etag: '"1"' }): Serve {
  let isFirst = true;
  return (request, response) => {
    if (!isFirst) return void then(request, response);
    isFirst = false;
    response.writeHead(200, { 'content-length': archive.length, ...headers });
    response.write(archive.subarray(0, 9 * MIB), () => response.destroy());
  };
}

async function download(path: string, project = 'fetched', more: object = {}) {
  return (
    await call(client, 'import_project', { url: `${origin}${path}`, project, wait_seconds: 30, ...more })
  ).data;
}

async function object(Key: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: cloud.outputs.WorkspaceBucketName, Key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

const source = (project: string) => object(`projects/${project}.tar.gz`);
/** Returns the text of an object; empty when it does not exist. */
const stored = (key: string) => object(key).then(String, () => '');

const ranges = (path: string) => asked.filter((each) => each.path === path).map(({ range }) => range);

test('a large archive comes with one request, and is the project then', async () => {
  const { content: large, sha256 } = noise(17 * MIB);
  serve.set('/large', ranged(large));
  expect(await download('/large', 'large')).toMatchObject({
    status: 'completed',
    result: { source: '/projects/large.tar.gz', size: large.length, sha256, files: 2 },
  });
  expect((await source('large')).equals(large)).toBe(true);
  expect(ranges('/large')).toEqual([undefined]);
  const { data } = await call(client, 'read_project_file', { project: 'large', path: 'package.json' });
  expect(data.content).toContain('"large"');
});

test('a function that is killed in the middle goes on after the last part that it had got', async () => {
  let isFirst = true;
  serve.set('/killed', (request, response) => {
    if (!isFirst) return void ranged(archive)(request, response);
    isFirst = false;
    // Sends no more, but keeps the connection.
    response
      .writeHead(200, { etag: '"1"', 'content-length': archive.length })
      .write(archive.subarray(0, 9 * MIB));
  });
  const { job_id } = await download('/killed', 'killed', { wait_seconds: 0 });
  while (!(await stored(`work/${job_id}/parts.json`)).includes('"parts":1')) await delay(50);
  expect(cloud.interrupt(await operationName(assemblies.app, 'download'))).toBeGreaterThan(0);
  let { data } = await call(client, 'check_job', { job_id, wait_seconds: 30 });
  if (data.status === 'running') ({ data } = await call(client, 'check_job', { job_id, wait_seconds: 30 }));
  expect(data).toMatchObject({ status: 'completed', result: { sha256 } });
  expect(ranges('/killed')).toEqual([undefined, `bytes=${8 * MIB}-`]);
}, 70_000);

test('a server without ranges and lengths is read, and redirects are followed', async () => {
  const small = rawArchive([{ path: 'package.json', content: '{}' }]);
  serve.set('/plain', (_request, response) => {
    response.writeHead(200);
    response.write(small.subarray(0, 10), () => response.end(small.subarray(10)));
  });
  for (let hop = 0; hop < 10; hop += 1) {
    const location = hop === 0 ? '/plain#sha256=1' : `/moved-${hop - 1}`;
    serve.set(`/moved-${hop}`, (_request, response) => void response.writeHead(302, { location }).end());
  }
  expect(await download('/moved-9')).toMatchObject({ status: 'completed', result: { size: small.length } });
});

describe('an interrupted transfer', () => {
  test.each<[string, Serve, Record<string, string | number>]>([
    [
      'goes on where it stopped',
      (request, response) => void ranged(archive)(request, response),
      { etag: '"1"' },
    ],
    ['goes on by the length alone', (request, response) => void ranged(archive)(request, response), {}],
  ])('%s', async (_what, then, headers) => {
    serve.set('/breaks', breaking(then, headers));
    expect(await download('/breaks')).toMatchObject({ status: 'completed', result: { sha256 } });
    expect(ranges('/breaks')).toEqual([undefined, `bytes=${8 * MIB}-`]);
  });

  // Each takes the pause of a retry.
  test.each<[string, Serve]>([
    ['another version', ranged(archive, { etag: '"2"' })],
    ['another range', (_request, response) => respond(response, 206, { 'content-range': 'bytes 0-9/99' })],
    ['501', (_request, response) => respond(response, 501)],
  ])('starts over when the server answers the range with %s', async (_what, then) => {
    const whole = ranged(archive);
    serve.set(
      '/other',
      breaking((request, response) => void (request.headers.range ? then : whole)(request, response)),
    );
    expect(await download('/other')).toMatchObject({ status: 'completed', result: { sha256 } });
  });
});

function respond(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, headers).end('x'.repeat(10));
}

test('an archive that is compressed twice is opened once', async () => {
  const small = rawArchive([{ path: 'package.json', content: '{}' }]);
  serve.set('/twice', (_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(small));
  });
  expect(await download('/twice')).toMatchObject({ status: 'completed', result: { size: small.length } });
});

describe('refused, naming why:', () => {
  test.each<[string, string, (request: IncomingMessage, response: ServerResponse) => void, string]>([
    ['nothing there', '/404', (_request, response) => void response.writeHead(404).end(), 'DOWNLOAD_FAILED'],
    [
      'more than the limit, as it says',
      '/says',
      (_request, response) => void response.writeHead(200, { 'content-length': 101 * MIB }).write('x'),
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
      'another compression than that of the archive',
      '/brotli',
      (_request, response) => void response.writeHead(200, { 'content-encoding': 'br' }).end('x'),
      'DOWNLOAD_FAILED',
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
    const { data } = await call(client, 'import_project', { url, project: 'refused', wait_seconds: 20 });
    expect(data).toMatchObject({ status: 'failed', error: { code: 'URL_REFUSED', step: 'transfer' } });
  });
});
