/** Tests how the output of a step becomes few messages: in order, whole, and with a bound on what waits. */
import { setTimeout as delay } from 'node:timers/promises';
import { GatheredText } from '../../../lambdas/runner/sandbox/gather-output.ts';
import { cleanText } from '../../../lambdas/shared/clean-text.ts';

/** A transport that sends one message at a time, each when the test says so. */
function slowTransport() {
  const sent: string[] = [];
  let open = Promise.withResolvers<void>();
  return {
    sent,
    send: async (text: string) => {
      sent.push(text);
      await open.promise;
    },
    /** Lets the message in transit arrive. */
    async arrive() {
      const before = open;
      open = Promise.withResolvers();
      before.resolve();
      await delay(0);
    },
  };
}

test('a million characters written one by one are few messages, in order', async () => {
  const sent: string[] = [];
  const gathered = new GatheredText({ send: (text) => void sent.push(text) });
  for (let index = 0; index < 1_000_000; index++) gathered.write(String(index % 10));
  await gathered.flush();
  expect(sent.length).toBeLessThanOrEqual(62);
  expect(sent.join('') === '0123456789'.repeat(100_000)).toBe(true);
});

test('a short text is sent without another, and alone', async () => {
  const sent: string[] = [];
  const gathered = new GatheredText({ send: (text) => void sent.push(text) });
  gathered.write('one ');
  gathered.write('line\n');
  expect(sent).toEqual([]);
  while (sent.length === 0) await delay(5);
  expect(sent).toEqual(['one line\n']);
});

test('a message waits for the one before it, and a writer for the messages', async () => {
  const { sent, send, arrive } = slowTransport();
  const gathered = new GatheredText({ send, maxCharacters: 20_000 });
  let drained = false;
  gathered.write('a'.repeat(20_000));
  gathered.write('b'.repeat(20_000));
  await gathered.drain();
  gathered.write('c'.repeat(20_000));
  void gathered.drain().then(() => {
    drained = true;
  });
  await delay(0);
  expect([drained, sent.length]).toEqual([false, 1]);
  await arrive();
  expect([drained, sent.length]).toEqual([true, 2]);
  await arrive();
  await arrive();
  await gathered.flush();
  expect(sent.map(([first]) => first)).toEqual(['a', 'b', 'c']);
});

test('a long text is cut into messages, never within a character', async () => {
  const sent: string[] = [];
  const text = `x${'😀'.repeat(100_000)}`;
  const gathered = new GatheredText({ send: (message) => void sent.push(message) });
  gathered.write(text);
  await gathered.flush();
  expect(Math.max(...sent.map(({ length }) => length))).toBeLessThanOrEqual(32 * 1024);
  expect(sent.every((message) => message.isWellFormed())).toBe(true);
  expect(sent.join('') === text).toBe(true);
});

test.each([
  ['a character', '😀'],
  ['a line end', '\r\n'],
  ['an escape code', '\u001b[38;5;196m'],
])('%s that is written in two parts is sent as one', async (_, sequence) => {
  for (let at = 1; at < sequence.length; at++) {
    const sent: string[] = [];
    const gathered = new GatheredText({ send: (message) => void sent.push(message) });
    // The first is cut by the write, the second by the length of a message.
    const before = 'x'.repeat(16 * 1024);
    const longBefore = 'x'.repeat(32 * 1024 - at);
    gathered.write(before + sequence.slice(0, at));
    gathered.write(sequence.slice(at));
    await gathered.flush();
    gathered.write(`${longBefore}${sequence}y`);
    await gathered.flush();
    const expected = cleanText(`${before}${sequence}${longBefore}${sequence}y`);
    expect(sent.map(cleanText).join('') === expected).toBe(true);
  }
});

test('half of a character at the end is sent with the rest', async () => {
  const sent: string[] = [];
  const gathered = new GatheredText({ send: (message) => void sent.push(message) });
  gathered.write('end\r');
  await gathered.flush();
  expect(sent).toEqual(['end\r']);
});

test('a transport that fails drops the rest, holds no writer up, and says so at the end', async () => {
  let sends = 0;
  const send = async () => {
    sends += 1;
    throw new Error('gone');
  };
  const gathered = new GatheredText({ send, maxCharacters: 16 * 1024 });
  gathered.write('x'.repeat(100_000));
  await gathered.drain();
  gathered.write('x'.repeat(100_000));
  await gathered.drain();
  await expect(gathered.flush()).rejects.toThrow('gone');
  expect(sends).toBe(1);
});
