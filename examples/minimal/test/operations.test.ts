/** Runs the operations on the local cloud, through the official MCP client. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { type LocalCloud, startLocalCloud } from 'mcp-async-operations/local';

let cloud: LocalCloud;
const client = new Client({ name: 'test', version: '1.0.0' });

before(async () => {
  cloud = await startLocalCloud();
  await client.connect(new StreamableHTTPClientTransport(new URL(cloud.endpointUrl)));
});
after(async () => {
  await client.close();
  await cloud?.close();
});

async function run(name: string, args: Record<string, unknown>) {
  const { structuredContent } = await client.callTool({ name, arguments: { ...args, wait_seconds: 30 } });
  return structuredContent as { job_id: string; status: string; result: Record<string, string> };
}

test('a note is signed and saved', async () => {
  const { job_id, status, result } = await run('start_save_note', { text: 'Buy milk' });
  assert.equal(status, 'completed');
  assert.equal(result.id, job_id);
  assert.match(result.signature ?? '', /^[0-9a-f]{64}$/);
});

test('a checksum is computed by the native module', async () => {
  const { status, result } = await run('start_checksum', { text: 'hello' });
  assert.deepEqual({ status, result }, { status: 'completed', result: { crc32: '3610a686' } });
});
