/** Tests how the stream of a sandbox becomes lines, however its chunks are cut. */
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { SandboxEvent } from '../../../lambdas/runner/sandbox/protocol.ts';
import { SandboxFunction } from '../../../lambdas/runner/sandbox/sandbox-function.ts';

async function linesOf(chunks: Iterable<Uint8Array>): Promise<string[]> {
  async function* stream() {
    for (const Payload of chunks) yield { PayloadChunk: { Payload } };
    yield { InvokeComplete: {} };
  }
  const client = { send: async () => ({ EventStream: stream() }) } as unknown as LambdaClient;
  const lines: string[] = [];
  for await (const line of new SandboxFunction(client, 'arn').invoke('alice', {} as SandboxEvent))
    lines.push(line);
  return lines;
}

test('lines and characters are whole, whatever the length of the chunks', async () => {
  const text = Buffer.from('{"log":"é 😀"}\n\n{"log":"x"}\n');
  for (let length = 1; length <= text.length; length++) {
    const chunks = [];
    for (let start = 0; start < text.length; start += length)
      chunks.push(text.subarray(start, start + length));
    expect(await linesOf(chunks)).toEqual(['{"log":"é 😀"}', '', '{"log":"x"}']);
  }
});

test('a line of more than 256 KiB is refused, also one without an end', async () => {
  const chunk = Buffer.alloc(1024, 'x');
  function* endless() {
    for (;;) yield chunk;
  }
  await expect(linesOf(endless())).rejects.toThrow('a line that is too long');
  await expect(linesOf([Buffer.alloc(256 * 1024 + 1, 'x'), Buffer.from('\n')])).rejects.toThrow('too long');
  expect(await linesOf([Buffer.alloc(256 * 1024, 'x'), Buffer.from('\n')])).toHaveLength(1);
});
