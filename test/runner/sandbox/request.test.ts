/** Checks the requests of a sandbox against a real server. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { request } from '../../../lambdas/runner/sandbox/request.ts';
import { UrlWorkspace } from '../../../lambdas/runner/sandbox/url-workspace.ts';

let server: Server;
let url: string;
let handle: RequestListener;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sandbox-request-'));
  server = createServer((received, response) => handle(received, response));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(directory, { recursive: true, force: true });
});

const never = new AbortController().signal;
const limits = {
  signal: never,
  maxBytes: 1_000,
  missing: new Error('missing'),
  tooLarge: new Error('large'),
};
const workspace = () => new UrlWorkspace({ reads: { file: url }, writes: { file: url } });

test('a file arrives as it is stored, encoded or not', async () => {
  handle = (_, response) =>
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': 3 }).end('raw');
  const file = join(directory, 'in');
  expect(await workspace().download('file', file, limits)).toMatchObject({ size: 3 });
  expect(await readFile(file, 'utf8')).toBe('raw');
});

test('a file is sent with its length', async () => {
  const received: unknown[] = [];
  handle = async (sent, response) => {
    const { method, headers } = sent;
    received.push(
      method,
      headers['content-length'],
      headers['transfer-encoding'],
      (await buffer(sent)).length,
    );
    response.end();
  };
  const file = join(directory, 'out');
  await writeFile(file, Buffer.alloc(200_000));
  await workspace().upload('file', file, { signal: never, contentType: 'text/plain' });
  expect(received).toEqual(['PUT', '200000', undefined, 200_000]);
});

test.each([
  [404, limits.missing],
  [403, expect.objectContaining({ message: 'S3 responded with 403: no' })],
  [307, expect.objectContaining({ message: 'S3 responded with 307: no' })],
  [503, expect.objectContaining({ code: 'WORKSPACE_UNAVAILABLE', retryable: true })],
])('a response of %d leaves no file', async (status, error) => {
  handle = (_, response) => response.writeHead(status, { location: '/elsewhere' }).end('no');
  const file = join(directory, 'none');
  await expect(workspace().download('file', file, limits)).rejects.toEqual(error);
  await expect(readFile(file)).rejects.toThrow('ENOENT');
});

test('a signal ends a response in its middle', async () => {
  handle = (_, response) => void response.writeHead(200, { 'content-length': 10 }).write('half');
  const over = new AbortController();
  const response = await request(url, { signal: over.signal });
  response.once('data', () => over.abort());
  await expect(text(response)).rejects.toThrow('aborted');
});

test('a request on a connection that the server has closed is sent again', async () => {
  let requests = 0;
  handle = (sent, response) => {
    requests++;
    if (requests === 2) sent.socket.destroy();
    else response.end('read');
  };
  expect(await text(await request(url))).toBe('read');
  // The connection is free again one turn after the end of the response.
  await new Promise(setImmediate);
  expect(await text(await request(url))).toBe('read');
  expect(requests).toBe(3);
});
