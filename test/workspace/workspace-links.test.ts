/** Requests to the bucket that are signed by hand: as AWS's own library signs them, and understood by a server of S3's protocol. */
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HttpRequest } from '@smithy/core/protocols';
import { SignatureV4 } from '@smithy/signature-v4';
import { WorkspaceLinks } from '../../lambdas/workspace/workspace-links.ts';
import { BUCKET_NAME, startWorkspaceBucket } from '../support/workspace.ts';

const CREDENTIALS = { accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'to+ken/=' };
const KEYS = ['builds/hello.tar.gz', 'projects/a b+c&d=é(1)!*.tar.gz'];

let bucket: Awaited<ReturnType<typeof startWorkspaceBucket>>;

beforeAll(async () => {
  bucket = await startWorkspaceBucket();
  for (const key of KEYS) await bucket.put(key, `content of ${key}`);
});
afterAll(() => bucket.close());
beforeEach(() => {
  Object.assign(process.env, {
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_SESSION_TOKEN: CREDENTIALS.sessionToken,
  });
  delete process.env.AWS_ENDPOINT_URL_S3;
});

const links = () => new WorkspaceLinks(BUCKET_NAME);
const file = (key: string) => ({
  key,
  name: 'file.tar.gz',
  contentType: 'application/gzip',
  size: 7,
  sha256: 'x',
});

class Sha256 {
  readonly #hash;
  constructor(secret?: Parameters<typeof createHmac>[1]) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret);
  }
  update(data: Uint8Array): void {
    this.#hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {}
}

/** What AWS's library makes of the same request at the same time. */
async function signatureOf(url: URL, method: string, headers: Record<string, string> = {}): Promise<unknown> {
  const signer = new SignatureV4({
    service: 's3',
    region: 'eu-west-1',
    credentials: CREDENTIALS,
    sha256: Sha256 as never,
    uriEscapePath: false,
    applyChecksum: false,
  });
  const date = url.searchParams.get('X-Amz-Date') ?? '';
  const query = Object.fromEntries([...url.searchParams].filter(([name]) => !name.startsWith('X-Amz-')));
  const request = new HttpRequest({
    protocol: 'https:',
    hostname: url.hostname,
    method,
    // S3 signs more than a URL has to escape.
    path: url.pathname.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`),
    query,
    headers: { host: url.host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...headers },
  });
  const signed = await signer.presign(request, {
    expiresIn: Number(url.searchParams.get('X-Amz-Expires')),
    signingDate: new Date(date.replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z')),
    unsignableHeaders: new Set(['x-amz-content-sha256']),
    unhoistableHeaders: new Set(['x-amz-content-sha256']),
  });
  return signed.query?.['X-Amz-Signature'];
}

test.each(KEYS)('the URL of %s has the signature of AWS’s own library', async (key) => {
  const url = new URL((await links().link(file(key))).url);
  expect(url.host).toBe(`${BUCKET_NAME}.s3.eu-west-1.amazonaws.com`);
  expect(url.searchParams.get('response-content-disposition')).toBe('attachment; filename="file.tar.gz"');
  expect(url.searchParams.get('X-Amz-Security-Token')).toBe(CREDENTIALS.sessionToken);
  expect(url.href).not.toContain('+');
  expect(url.searchParams.get('X-Amz-Signature')).toBe(await signatureOf(url, 'GET'));
});

test('the URL to put a file has it, too, and the length is signed when it is known', async () => {
  const known = new URL((await links().linkUpload({ key: 'uploads/a', maxBytes: 9, size: 7 })).url);
  expect(known.searchParams.get('X-Amz-SignedHeaders')).toBe('content-length;host');
  expect(known.searchParams.get('X-Amz-Signature')).toBe(
    await signatureOf(known, 'PUT', { 'content-length': '7' }),
  );
  const open = new URL((await links().linkUpload({ key: 'uploads/a', maxBytes: 9 })).url);
  expect(open.searchParams.get('X-Amz-SignedHeaders')).toBe('host');
  expect(open.searchParams.get('X-Amz-Signature')).toBe(await signatureOf(open, 'PUT'));
});

test.each(KEYS)('%s is found, read in part, and fetched by its URL', async (key) => {
  process.env.AWS_ENDPOINT_URL_S3 = bucket.url;
  const content = `content of ${key}`;
  expect(await links().find(key)).toEqual({
    size: Buffer.byteLength(content),
    version: expect.stringMatching(/^".+"$/),
  });
  expect((await links().read(key, 3, 10)).toString()).toBe(content.slice(3, 10));
  expect(await (await fetch((await links().link(file(key))).url)).text()).toBe(content);
});

test('what is not there is not found', async () => {
  process.env.AWS_ENDPOINT_URL_S3 = bucket.url;
  expect(await links().find('builds/none')).toBeUndefined();
  expect(await links().has('builds/none')).toBe(false);
  await expect(links().read('builds/none', 0, 1)).rejects.toThrow('S3 responded with 404');
});

test('any other answer is no absence', async () => {
  const server = createServer((_request, response) => response.writeHead(403).end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.env.AWS_ENDPOINT_URL_S3 = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await expect(links().has('builds/hello.tar.gz')).rejects.toThrow(
    'S3 responded with 403 Forbidden for builds/hello',
  );
  server.close();
});

test('files are listed by prefix, in pages, with names as they are', async () => {
  process.env.AWS_ENDPOINT_URL_S3 = bucket.url;
  for (const name of ['a', 'b', 'c']) await bucket.put(`listed/${name}.txt`, name.repeat(7));
  const first = await links().list('listed/', { limit: 2 });
  expect(first).toEqual({
    files: ['a', 'b'].map((name) => ({
      key: `listed/${name}.txt`,
      size: 7,
      updatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    })),
    next: 'listed/b.txt',
  });
  const second = await links().list('listed/', { limit: 2, after: first.next });
  expect(second.files.map(({ key }) => key)).toEqual(['listed/c.txt']);
  expect(second.next).toBeUndefined();
  expect((await links().list('projects/', { limit: 9 })).files).toMatchObject([{ key: KEYS[1] }]);
  expect(await links().list('nothing/', { limit: 9 })).toEqual({ files: [] });
});

test('a text is written, and replaced', async () => {
  process.env.AWS_ENDPOINT_URL_S3 = bucket.url;
  const signal = new AbortController().signal;
  for (const text of ['ä€😀 one', 'two']) {
    await links().putText('logs/new.log', Buffer.from(text), signal);
    expect(await bucket.read('logs/new.log')).toBe(text);
  }
  await expect(links().putText('logs/late.log', Buffer.from(''), AbortSignal.abort())).rejects.toThrow(
    'abort',
  );
  expect(await links().find('logs/late.log')).toBeUndefined();
});
