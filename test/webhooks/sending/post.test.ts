import { execFile } from 'node:child_process';
import type { LookupAddress } from 'node:dns';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import {
  type AddressPolicy,
  checkHost,
  checkUrl,
  PUBLIC_ADDRESSES,
  type Resolve,
} from '../../../lambdas/shared/http/address-guard.ts';
import { type PostOutcome, type PostRequest, post } from '../../../lambdas/webhooks/sending/post.ts';
import { Authority } from '../../support/certificates.ts';
import {
  answering,
  closeReceivers,
  dripping,
  flooding,
  type Receiver,
  startReceiver,
} from '../../support/hostile-receiver.ts';

const LOCAL: AddressPolicy = { ports: [443], allowLoopback: true };
const LOOPBACK: LookupAddress = { address: '127.0.0.1', family: 4 };
const PUBLIC: LookupAddress = { address: '93.184.215.14', family: 4 };
const DAY_MS = 24 * 60 * 60 * 1000;

const authority = new Authority('Trusted');
const localhost = authority.issue({ hosts: ['localhost'] });

afterEach(closeReceivers);

function send(url: string, options: Partial<PostRequest> = {}): Promise<PostOutcome> {
  const headers = { 'content-type': 'application/json', 'webhook-id': '1' };
  return post({ url, headers, body: '{"text":"grüße"}', policy: LOCAL, ...options });
}

const sendTls = (receiver: Receiver, options: Partial<PostRequest> = {}) =>
  send(`https://localhost:${receiver.port}/hook`, {
    ca: authority.cert,
    resolve: async () => [LOOPBACK],
    ...options,
  });

test('a response has its status, text, bytes and latency', async () => {
  const receiver = await startReceiver({ onRequest: answering('200 OK', [], 'thanks') });
  const outcome = await send(`${receiver.url}?a=b%20c`);
  expect(outcome).toEqual({
    status: 200,
    latencyMs: expect.any(Number),
    text: 'thanks',
    body: Buffer.from('thanks'),
  });
  expect(receiver.requests).toEqual([
    expect.stringMatching(/^POST \/hook\?a=b%20c HTTP\/1\.1\r\n.*\r\n\r\n\{"text":"grüße"\}$/s),
  ]);
  const [request] = receiver.requests;
  expect(request).toContain(`\r\nHost: 127.0.0.1:${receiver.port}\r\n`);
  expect(request).toContain('\r\nConnection: close\r\n');
  expect(request).toContain('\r\nwebhook-id: 1\r\n');
  expect(request).not.toMatch(/accept-encoding/i);
});

test.each([
  '204 No Content',
  '400 Bad Request',
  '404 Not Found',
  '410 Gone',
  '500 Internal Server Error',
  '599 Unheard Of',
])('%s is a status like any other', async (status) => {
  const { url } = await startReceiver({ onRequest: answering(status) });
  expect(await send(url)).toMatchObject({ status: Number(status.slice(0, 3)), text: '' });
});

test.each(['120', 'Sun, 06 Nov 2094 08:49:37 GMT'])('returns Retry-After: %s unparsed', async (value) => {
  const { url } = await startReceiver({
    onRequest: answering('429 Too Many Requests', [`Retry-After: ${value}`]),
  });
  expect(await send(url)).toMatchObject({ status: 429, retryAfter: value });
});

test('returns the first of two Retry-After headers', async () => {
  const onRequest = answering('503 Service Unavailable', ['Retry-After: 1', 'Retry-After: 2']);
  expect(await send((await startReceiver({ onRequest })).url)).toMatchObject({ retryAfter: '1' });
});

test.each(['301 Moved Permanently', '302 Found', '307 Temporary Redirect', '308 Permanent Redirect'])(
  '%s is not followed',
  async (status) => {
    const other = await startReceiver({ onRequest: answering('200 OK') });
    const { url } = await startReceiver({ onRequest: answering(status, [`Location: ${other.url}`]) });
    expect(await send(url)).toMatchObject({ status: Number(status.slice(0, 3)) });
    expect(other.connections).toBe(0);
  },
);

test('each post opens a connection and closes it after the response', async () => {
  const receiver = await startReceiver({
    onRequest: (socket) =>
      socket.write('HTTP/1.1 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n'),
  });
  await send(receiver.url);
  await receiver.closed;
  await send(receiver.url);
  expect(receiver.connections).toBe(2);
});

test('a response that arrives before the request is read counts', async () => {
  const { url } = await startReceiver({ onConnection: answering('413 Content Too Large') });
  expect(await send(url, { body: 'x'.repeat(200_000) })).toMatchObject({ status: 413 });
});

test.each([
  ['100', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ['102', 'HTTP/1.1 102 Processing\r\n\r\n'],
  ['103', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'],
  ['several', `${'HTTP/1.1 100 Continue\r\n\r\n'.repeat(3)}HTTP/1.1 199 Unheard Of\r\n\r\n`],
])('an interim response is skipped: %s', async (_name, interim) => {
  const { url } = await startReceiver({
    onRequest: (socket) => {
      socket.write(interim);
      answering('200 OK')(socket);
    },
  });
  expect(await send(url)).toMatchObject({ status: 200 });
});

test.each([
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\n'],
  ['an empty reason', 'HTTP/1.1 202 \r\n\r\n'],
  ['no reason', 'HTTP/1.1 202\r\n\r\n'],
  ['a reason in another alphabet', 'HTTP/1.1 200 gr\u00fc\u00df dich\r\n\r\n'],
])('a status line with %s is read', async (_what, head) => {
  const { url } = await startReceiver({ onRequest: (socket) => socket.end(`${head}ok`) });
  expect(await send(url)).toMatchObject({ status: expect.any(Number), text: 'ok' });
});

describe('a receiver without a response', () => {
  test('refuses the connection', async () => {
    const receiver = await startReceiver();
    await closeReceivers();
    expect(await send(receiver.url)).toMatchObject({ error: 'CONNECTION_REFUSED' });
  });

  test.each([
    ['resets the connection at once', { onConnection: (socket) => socket.resetAndDestroy() }],
    ['ends the connection at once', { onConnection: (socket) => socket.end() }],
    [
      'resets the connection in the request',
      { onConnection: (s) => s.once('data', () => s.resetAndDestroy()) },
    ],
    ['resets the connection after the request', { onRequest: (socket) => socket.resetAndDestroy() }],
    ['ends the connection after the request', { onRequest: (socket) => socket.end() }],
    ['ends the connection in the status line', { onRequest: (socket) => socket.end('HTTP/1.1 2') }],
    ['ends the connection in the headers', { onRequest: (s) => s.end('HTTP/1.1 200 OK\r\ncontent-') }],
    [
      'ends the connection after an interim response',
      { onRequest: (s) => s.end('HTTP/1.1 103 Early\r\n\r\n') },
    ],
    ['speaks something else', { onRequest: (socket) => socket.end('220 mail.example.com ESMTP\r\n') }],
    ['speaks before it is asked', { onConnection: (socket) => socket.write('SSH-2.0-OpenSSH_9.9\r\n') }],
    ['speaks TLS only', { onRequest: (socket) => socket.end(Buffer.from('15030100020246', 'hex')) }],
    ['changes the protocol', { onRequest: (s) => s.write('HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n') }],
    ['asks to go on', { onRequest: (socket) => socket.end('HTTP/1.1 100 Continue\r\n\r\n') }],
    [
      'has headers without end',
      { onRequest: (s) => s.write(`HTTP/1.1 200 OK\r\na: ${'x'.repeat(100_000)}`) },
    ],
    ['has two lengths', { onRequest: (s) => s.write('HTTP/1.1 200 OK\r\ncontent-length: 1, 2\r\n\r\n') }],
  ] as const satisfies readonly (readonly [string, Parameters<typeof startReceiver>[0]])[])(
    '%s',
    async (_, behaviour) => {
      const receiver = await startReceiver(behaviour);
      expect(await send(receiver.url)).toMatchObject({ error: 'CONNECTION_LOST' });
      // The post was not retried.
      expect(receiver.connections).toBe(1);
    },
  );

  test('never responds', async () => {
    const receiver = await startReceiver();
    const outcome = await send(receiver.url, { timeoutMs: 300 });
    expect(outcome).toEqual({
      error: 'TIMED_OUT',
      latencyMs: expect.any(Number),
      message: 'The receiver did not respond in time.',
    });
    expect(outcome.latencyMs).toBeGreaterThan(290);
    expect(outcome.latencyMs).toBeLessThan(2_000);
    await receiver.closed;
  });

  test('drips its headers', async () => {
    const receiver = await startReceiver({ onRequest: dripping('HTTP/1.1 200 OK\r\na: ') });
    expect(await send(receiver.url, { timeoutMs: 300 })).toMatchObject({ error: 'TIMED_OUT' });
    await receiver.closed;
  });

  test('never starts the TLS handshake', async () => {
    const receiver = await startReceiver();
    expect(await sendTls(receiver, { timeoutMs: 300 })).toMatchObject({ error: 'TIMED_OUT' });
    await receiver.closed;
  });

  test('has a name server that never responds', async () => {
    const resolve = () => new Promise<never>(() => {});
    expect(await send('https://hooks.example.com/', { resolve, timeoutMs: 300 })).toMatchObject({
      error: 'TIMED_OUT',
    });
  });

  test('has a name that does not resolve', async () => {
    const resolve: Resolve = async () => {
      throw Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
    };
    expect(await send('https://hooks.example.com/', { resolve })).toMatchObject({ error: 'DNS_FAILED' });
  });
});

describe('a body', () => {
  test('without end is read up to 64 KiB; then the connection is closed', async () => {
    const receiver = await startReceiver({ onRequest: flooding });
    const outcome = await send(receiver.url);
    expect(outcome).toMatchObject({ status: 200, body: Buffer.alloc(64 * 1024, 'x') });
    await receiver.closed;
    // The rest is in the system's buffers.
    expect(receiver.bytesWritten).toBeLessThan(16 * 1024 ** 2);
  });

  test('that arrives slowly is read until the deadline; the status counts', async () => {
    const receiver = await startReceiver({ onRequest: dripping('HTTP/1.1 200 OK\r\n\r\n') });
    expect(await send(receiver.url, { timeoutMs: 300 })).toMatchObject({
      status: 200,
      text: expect.stringMatching(/^x+$/),
    });
    await receiver.closed;
  });

  test('that arrives slowly is read for two seconds when the deadline is later', async () => {
    const receiver = await startReceiver({ onRequest: dripping('HTTP/1.1 200 OK\r\n\r\n') });
    const startMs = performance.now();
    const outcome = await send(receiver.url);
    expect(performance.now() - startMs).toBeLessThan(5_000);
    expect(outcome).toMatchObject({ status: 200 });
    // The latency is the time to the status, not to the end of the body.
    expect(outcome.latencyMs).toBeLessThan(1_500);
    await receiver.closed;
  });

  test.each([
    ['is shorter than its length', 'content-length: 100\r\n\r\nhalf'],
    ['has a chunk that is none', 'transfer-encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n'],
  ])('that %s does not change the status', async (_, rest) => {
    const { url } = await startReceiver({ onRequest: (socket) => socket.end(`HTTP/1.1 200 OK\r\n${rest}`) });
    expect(await send(url)).toMatchObject({ status: 200, text: 'half' });
  });

  test('that is cut off does not change the status', async () => {
    const { url } = await startReceiver({
      onRequest: (socket) =>
        socket.write('HTTP/1.1 500 Broken\r\ncontent-length: 100\r\n\r\nhalf', () =>
          socket.resetAndDestroy(),
        ),
    });
    expect(await send(url)).toMatchObject({ status: 500 });
  });

  test('is not decompressed, so a compression bomb stays small', async () => {
    const bomb = gzipSync(Buffer.alloc(32 * 1024 ** 2));
    const { url } = await startReceiver({ onRequest: answering('200 OK', ['content-encoding: gzip'], bomb) });
    expect(await send(url)).toMatchObject({ status: 200, body: bomb.subarray(0, 64 * 1024) });
  });

  test.each<[string, string | Buffer, string]>([
    ['a line break of any system', 'a\r\nb\rc\nd\te', 'a\nb\nc\nd\te'],
    ['control characters and escape codes', 'a\0b\x1b[31mc\x7fd\u0085', 'abcd'],
    ['what turns text around or hides it', 'a\u202eb\u200bc\u{e0041}\ufeff', 'abc'],
    ['what is no UTF-8', Buffer.from('61ff62c328', 'hex'), 'a�b�('],
    ['letters of all alphabets', 'grüße, 世界 🚀', 'grüße, 世界 🚀'],
    ['more than 1 KiB', 'x'.repeat(5_000), 'x'.repeat(1_024)],
    ['a letter that 1 KiB cuts in two', `${'x'.repeat(1_023)}ü`, 'x'.repeat(1_023)],
  ])('with %s is safe to show', async (_, body, text) => {
    const { url } = await startReceiver({ onRequest: answering('200 OK', [], body) });
    expect(await send(url)).toMatchObject({ text });
  });
});

describe('TLS', () => {
  test('works from end to end with an authority that is trusted', async () => {
    const receiver = await startReceiver({
      certificate: localhost,
      onRequest: answering('200 OK', [], 'ok'),
    });
    expect(await sendTls(receiver)).toMatchObject({ status: 200, text: 'ok' });
    expect(receiver.requests[0]).toContain(`\r\nHost: localhost:${receiver.port}\r\n`);
  });

  test('works for an address that the certificate names', async () => {
    const certificate = authority.issue({ hosts: ['127.0.0.1'] });
    const { port } = await startReceiver({ certificate, onRequest: answering('200 OK') });
    expect(await send(`https://127.0.0.1:${port}/`, { ca: authority.cert })).toMatchObject({ status: 200 });
  });

  test.each([
    ['of an unknown authority', new Authority('Other').issue({ hosts: ['localhost'] }), 'UNABLE_TO_VERIFY'],
    [
      'that has expired',
      authority.issue({ hosts: ['localhost'], notAfter: new Date(Date.now() - DAY_MS / 2) }),
      'CERT_HAS_EXPIRED',
    ],
    [
      'that is not valid yet',
      authority.issue({ hosts: ['localhost'], notBefore: new Date(Date.now() + DAY_MS / 2) }),
      'CERT_NOT_YET_VALID',
    ],
    ['for another host', authority.issue({ hosts: ['hooks.example.com'] }), 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ])('refuses a certificate %s', async (_, certificate, code) => {
    const receiver = await startReceiver({ certificate, onRequest: answering('200 OK') });
    expect(await sendTls(receiver)).toMatchObject({
      error: 'TLS_ERROR',
      message: expect.stringContaining(code),
    });
    expect(receiver.requests).toEqual([]);
    expect(receiver.connections).toBe(1);
  });

  test('refuses a certificate for a name where the host is an address', async () => {
    const receiver = await startReceiver({ certificate: localhost, onRequest: answering('200 OK') });
    expect(await send(`https://127.0.0.1:${receiver.port}/`, { ca: authority.cert })).toMatchObject({
      error: 'TLS_ERROR',
    });
    expect(receiver.requests).toEqual([]);
  });

  test('rejects a self-signed certificate', async () => {
    const receiver = await startReceiver({ certificate: localhost, onRequest: answering('200 OK') });
    expect(await sendTls(receiver, { ca: undefined })).toMatchObject({ error: 'TLS_ERROR' });
    expect(receiver.requests).toEqual([]);
  });

  test('fails with a receiver without TLS', async () => {
    const receiver = await startReceiver({ onConnection: answering('200 OK') });
    expect(await sendTls(receiver)).toMatchObject({ error: 'TLS_ERROR' });
  });

  test('fails with a receiver that disconnects in the handshake', async () => {
    const receiver = await startReceiver({ onConnection: (socket) => socket.end() });
    expect(await sendTls(receiver)).toMatchObject({ error: 'CONNECTION_LOST' });
    expect(receiver.connections).toBe(1);
  });
});

describe('a refused address gets no connection', () => {
  /** The deployed policy except for the port: only the address check can stop the post. */
  const deployed = ({ port }: Receiver): AddressPolicy => ({ ...PUBLIC_ADDRESSES, ports: [port] });

  test('when the name changes between registration and attempt', async () => {
    const receiver = await startReceiver({ certificate: localhost, onRequest: answering('200 OK') });
    const policy = deployed(receiver);
    const url = `https://rebind.example.com:${receiver.port}/`;
    const answers = [[PUBLIC], [LOOPBACK]];
    const resolve: Resolve = async () => answers.shift() ?? [];
    await checkHost(checkUrl(url, policy), policy, resolve);
    expect(await send(url, { policy, resolve, ca: authority.cert })).toMatchObject({
      error: 'ADDRESS_REFUSED',
      message: expect.stringContaining('not at a public address'),
    });
    expect(answers).toEqual([]);
    expect(receiver.connections).toBe(0);
  });

  test('when one of its addresses is public', async () => {
    const receiver = await startReceiver();
    const policy = deployed(receiver);
    const url = `https://hooks.example.com:${receiver.port}/`;
    for (const addresses of [
      [LOOPBACK, PUBLIC],
      [PUBLIC, LOOPBACK],
    ]) {
      const resolve: Resolve = async () => addresses;
      expect(await send(url, { policy, resolve })).toMatchObject({ error: 'ADDRESS_REFUSED' });
    }
    expect(receiver.connections).toBe(0);
  });

  test.each(['127.0.0.1', '2130706433', '0x7f.1', '[::1]', '[::ffff:127.0.0.1]', 'localhost'])(
    'when it is written as %s',
    async (host) => {
      const receiver = await startReceiver();
      const policy = deployed(receiver);
      const url = `https://${host}:${receiver.port}/`;
      const resolve: Resolve = async () => [LOOPBACK];
      expect(await send(url, { policy, resolve })).toMatchObject({ error: 'ADDRESS_REFUSED' });
      expect(receiver.connections).toBe(0);
    },
  );

  test('an accepted name is resolved once, and the checked address is used', async () => {
    const certificate = authority.issue({ hosts: ['hooks.example.com'] });
    const receiver = await startReceiver({ certificate, onRequest: answering('200 OK') });
    const asked: string[] = [];
    const resolve: Resolve = async (hostname) => {
      asked.push(hostname);
      return [LOOPBACK];
    };
    const policy = { ports: [receiver.port], allowLoopback: true };
    const url = `https://hooks.example.com:${receiver.port}/`;
    expect(await send(url, { policy, resolve, ca: authority.cert })).toMatchObject({ status: 200 });
    expect(asked).toEqual(['hooks.example.com']);
  });
});

test('no environment variable disables the certificate check or adds a proxy', async () => {
  const proxy = await startReceiver({ onRequest: answering('200 OK') });
  const receiver = await startReceiver({ certificate: localhost, onRequest: answering('200 OK') });
  const proxyUrl = `http://127.0.0.1:${proxy.port}`;
  const program = `
    import { post } from ${JSON.stringify(new URL('../../../lambdas/webhooks/sending/post.ts', import.meta.url).href)};
    const url = 'https://localhost:${receiver.port}/';
    const policy = { ports: [], allowLoopback: true };
    const outcome = await post({ url, headers: {}, body: '', policy });
    console.log(outcome.error);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
    env: {
      ...process.env,
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
      NODE_USE_ENV_PROXY: '1',
      HTTPS_PROXY: proxyUrl,
      HTTP_PROXY: proxyUrl,
      ALL_PROXY: proxyUrl,
      NO_PROXY: '',
    },
  });
  expect(stdout.trim()).toBe('TLS_ERROR');
  expect(proxy.connections).toBe(0);
  expect(receiver.requests).toEqual([]);
});

test('throws for headers that cannot be sent', async () => {
  const { url } = await startReceiver();
  await expect(send(url, { headers: { 'webhook-id': 'a\r\nb' } })).rejects.toThrow('Invalid character');
});
