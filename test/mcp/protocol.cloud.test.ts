import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as Transport1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { LocalCloud } from '../../local/cloud.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { call, connect } from '../support/test-cloud.ts';

let cloud: LocalCloud;

beforeAll(async () => {
  cloud = await sharedCloud();
});

const TOOLS = [
  'start_ask',
  'start_chore',
  'start_confined',
  'count',
  'start_echo',
  'start_four_steps',
  'inquire',
  'nap',
  'start_probe',
  'start_relay',
  'start_take',
  'start_brief',
  'quote',
  'start_report',
  'check_job',
  'get_file',
  'read_log',
  'list_jobs',
  'answer_job',
  'cancel_job',
  'retry_job',
  'list_deliveries',
];

function post(body: string, headers: Record<string, string> = {}) {
  return fetch(new URL('/mcp', cloud.url), {
    method: 'POST',
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      ...headers,
    },
    body,
  });
}

const initialize = (protocolVersion: string) =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion, capabilities: {}, clientInfo: { name: 'test', version: '1.0.0' } },
  });

describe('every official client lists the tools, starts a job, follows, lists and cancels', () => {
  test.each(['auto', 'legacy'] as const)('@modelcontextprotocol/client 2.x, %s', async (mode) => {
    const client = await connect(cloud, { owner: `client-2-${mode}`, mode });
    expect(client.getNegotiatedProtocolVersion()).toBe(mode === 'auto' ? '2026-07-28' : '2025-11-25');
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(TOOLS);
    const { data: started } = await call(client, 'start_echo', { text: 'hello' });
    const { data } = await call(client, 'check_job', { job_id: started.job_id, wait_seconds: 30 });
    expect(data).toMatchObject({ status: 'completed', result: { text: 'hello' } });
    expect((await call(client, 'list_jobs')).data.jobs).toHaveLength(1);
    expect((await call(client, 'cancel_job', { job_id: started.job_id })).data.error.code).toBe(
      'JOB_ALREADY_ENDED',
    );
    await client.close();
  });

  test('@modelcontextprotocol/sdk 1.x', async () => {
    const client = new Client1({ name: 'test', version: '1.0.0' });
    await client.connect(new Transport1(new URL('/mcp', cloud.url)));
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(TOOLS);
    const run = async (name: string, args: Record<string, unknown>) =>
      // biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field
      (await client.callTool({ name, arguments: args })).structuredContent as any;
    const { job_id } = await run('start_echo', { text: 'hello' });
    expect(await run('check_job', { job_id, wait_seconds: 30 })).toMatchObject({ status: 'completed' });
    expect((await run('list_jobs', {})).jobs.map((job: { job_id: string }) => job.job_id)).toContain(job_id);
    expect((await run('cancel_job', { job_id })).error.code).toBe('JOB_ALREADY_ENDED');
    expect((await run('check_job', { job_id: 'nothing' })).error.code).toBe('JOB_NOT_FOUND');
    await client.close();
  });
});

test.each(['2025-06-18', '2025-11-25'])(
  'the revision %s is negotiated, and answered in plain JSON',
  async (revision) => {
    const response = await post(initialize(revision));
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await response.json()).toMatchObject({
      result: {
        protocolVersion: revision,
        serverInfo: { name: 'mcp-async-operations' },
        instructions: expect.any(String),
      },
    });
  },
);

test.each(['*/*', 'application/*', 'application/json', undefined])(
  'a client that accepts %s is answered in JSON, with a slash too many as well',
  async (accept) => {
    const url = new URL('/mcp/', cloud.url);
    const headers = { 'content-type': 'application/json', ...(accept && { accept }) };
    // `fetch` always sends the header.
    const response = await new Promise<IncomingMessage>((resolve) =>
      request(url, { method: 'POST', headers }, resolve).end(initialize('2025-11-25')),
    );
    expect(response.statusCode).toBe(200);
    expect(JSON.parse(await text(response))).toMatchObject({ result: { protocolVersion: '2025-11-25' } });
  },
);

describe('a call that waits tells its progress', () => {
  const arguments_ = { behaviour: 'wait', wait_seconds: 8 };

  test.each(['auto', 'legacy'] as const)(
    'to a client (%s) that would give up after three seconds',
    async (mode) => {
      const client = await connect(cloud, { owner: `patient-${mode}`, mode });
      const told: number[] = [];
      const { structuredContent } = await client.callTool(
        { name: 'start_probe', arguments: arguments_ },
        {
          timeout: 3_000,
          resetTimeoutOnProgress: true,
          onprogress: ({ progress }) => told.push(progress),
        },
      );
      const { job_id, status } = structuredContent as { job_id: string; status: string };
      expect(status).toBe('running');
      expect(told.length).toBeGreaterThanOrEqual(4);
      expect(new Set(told).size).toBe(told.length);
      expect(told).toEqual(told.toSorted((a, b) => a - b));
      await call(client, 'cancel_job', { job_id });
      await client.close();
    },
    30_000,
  );

  test('and none to a client that accepts no stream', async () => {
    const params = {
      name: 'start_echo',
      arguments: { text: 'x', wait_seconds: 20 },
      _meta: { progressToken: 1 },
    };
    const response = await post(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }), {
      accept: 'application/json',
    });
    expect(await response.json()).toMatchObject({ result: { structuredContent: { status: 'completed' } } });
  });
});

test('every tool has a title, a schema of its arguments and annotations', async () => {
  const client = await connect(cloud);
  for (const tool of (await client.listTools()).tools) {
    expect(tool).toMatchObject({
      title: expect.any(String),
      description: expect.any(String),
      inputSchema: { type: 'object', additionalProperties: false },
      annotations: { readOnlyHint: expect.any(Boolean) },
    });
  }
  await client.close();
});

test("an operation's own arguments stand in its tool's schema beside those of every start tool", async () => {
  const client = await connect(cloud);
  const { tools } = await client.listTools();
  expect(tools.find(({ name }) => name === 'start_echo')?.inputSchema).toMatchObject({
    required: ['text'],
    properties: {
      text: { type: 'string' },
      wait_seconds: { type: 'number' },
      job_options: { type: 'object' },
    },
  });
  await client.close();
});

describe('what is no MCP request gets an error with a code', () => {
  test('a body that is not JSON', async () => {
    const response = await post('{"jsonrpc": "2.0", ');
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: -32700 } });
  });

  test.each(['{"hello":"world"}', '42', 'null', '[]', '{"jsonrpc":"1.0","id":1,"method":"x"}'])(
    'JSON that is not JSON-RPC: %s',
    async (body) => {
      const response = await post(body);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        error: { code: expect.any(Number), message: expect.any(String) },
      });
    },
  );

  test('a body over 4 MiB', async () => {
    const response = await post(
      JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'x', params: { x: 'x'.repeat(4_200_000) } }),
    );
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({
      error: { code: expect.any(Number), message: expect.any(String) },
    });
  });

  test('a body of more values than memory has room for, parsed', async () => {
    const response = await post(`{"jsonrpc":"2.0","id":1,"method":"x","params":[${'[],'.repeat(40_000)}[]]}`);
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({
      error: { code: -32000, message: expect.stringContaining('40000 values') },
    });
  });

  test('another content type', async () => {
    expect((await post(initialize('2025-11-25'), { 'content-type': 'text/plain' })).status).toBe(415);
  });

  test('an unknown tool', async () => {
    const client = await connect(cloud);
    await expect(client.callTool({ name: 'start_party' })).rejects.toMatchObject({
      code: -32602,
      message: expect.stringContaining('start_echo'),
    });
    await client.close();
  });

  test.each([
    ['GET', 'clients of 2025 try'],
    ['DELETE', 'clients of 2025 try'],
    ['HEAD', 'Gemini CLI sends'],
  ])('%s, which %s', async (method) => {
    const response = await fetch(new URL('/mcp', cloud.url), {
      method,
      headers: { accept: 'text/event-stream' },
    });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
  });
});

describe('hostile arguments are refused, and harm nothing', () => {
  const callEcho = (args: string) =>
    post(
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"start_echo","arguments":${args}}}`,
      {
        'mcp-protocol-version': '2025-11-25',
      },
    );

  test.each([
    ['nested thirty thousand deep', `{"text":${'['.repeat(30_000)}${']'.repeat(30_000)}}`],
    [
      'after the prototype',
      '{"text":"x","__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}',
    ],
    ['a lone surrogate for a key', '{"text":"x","\\ud800":1}'],
  ])('%s', async (_what, args) => {
    const response = await callEcho(args);
    expect(response.status).toBeLessThan(500);
    expect(await response.json()).toMatchObject({
      result: { isError: true, structuredContent: { error: { code: 'INVALID_ARGUMENTS' } } },
    });
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
    const next = await callEcho('{"text":"fine","wait_seconds":20}');
    expect(await next.json()).toMatchObject({ result: { structuredContent: { status: 'completed' } } });
  });
});
