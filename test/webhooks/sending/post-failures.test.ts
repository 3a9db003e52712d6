/** Tests what the owner of a receiver reads when there is no response. */
import type { Socket } from 'node:net';
import { type PostOutcome, post } from '../../../lambdas/webhooks/sending/post.ts';
import { closeReceivers, startReceiver } from '../../support/hostile-receiver.ts';

afterEach(closeReceivers);

const send = (url: string): Promise<PostOutcome> =>
  post({ url, headers: {}, body: '{}', policy: { ports: [443], allowLoopback: true } });

const sendTo = async (onRequest: (socket: Socket) => void) => send((await startReceiver({ onRequest })).url);

test('headers of 32 KiB are no valid response', async () => {
  const headers = `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(32_768)}\r\n\r\n`;
  expect(await sendTo((socket) => socket.end(headers))).toMatchObject({
    error: 'CONNECTION_LOST',
    message: 'The receiver did not respond with HTTP/1.1.',
  });
});

test('a closed connection says so', async () => {
  expect(await sendTo((socket) => socket.destroy())).toMatchObject({
    error: 'CONNECTION_LOST',
    message: 'The receiver closed the connection before it responded.',
  });
});

test('a refused connection says so', async () => {
  const { url } = await startReceiver();
  await closeReceivers();
  expect(await send(url)).toMatchObject({
    error: 'CONNECTION_REFUSED',
    message: 'The receiver cannot be reached, or refused the connection.',
  });
});

test('a response without Retry-After has no such property', async () => {
  const outcome = await sendTo((socket) => socket.end('HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n'));
  expect(outcome).toMatchObject({ status: 503 });
  expect(outcome).not.toHaveProperty('retryAfter');
});
