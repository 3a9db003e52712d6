/** Tests the arguments that hosts send when they leave arguments out, in both eras of the protocol. */
import * as z from 'zod';
import { createEndpoint } from '../../lambdas/mcp/endpoint.ts';
import type { ServerFeatures } from '../../lambdas/mcp/server.ts';
import { defineTool } from '../../lambdas/mcp/tool.ts';
import { Scope } from '../../lambdas/shared/caller.ts';
import { readIdentity } from '../../lambdas/shared/server-identity.ts';

const tool = defineTool({
  name: 'greet',
  title: 'Greet',
  description: 'Greets.',
  scope: Scope.jobsRead,
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  input: z.strictObject({
    name: z.string().min(1).optional(),
    times: z.int().default(1),
    more: z.record(z.string(), z.json()).optional(),
  }),
  output: z.object({}),
  call: async (args) => ({ structured: { args }, text: '' }),
});
const features = {
  identity: readIdentity(),
  authorizationExtensions: [],
  tools: [tool],
  methods: { legacy: [], modern: [] },
} as unknown as ServerFeatures;
const endpoint = createEndpoint(features);

async function call(era: 'legacy' | 'modern', params: object) {
  const isModern = era === 'modern';
  const version = isModern ? '2026-07-28' : '2025-11-25';
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': version,
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const request = new Request('http://127.0.0.1/mcp', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': version,
      ...(isModern && { 'mcp-method': 'tools/call', 'mcp-name': 'greet' }),
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'greet', ...params, ...(isModern && { _meta }) },
    }),
  });
  const response = await endpoint(request, { owner: 'alice', scopes: [Scope.jobsRead] }, Date.now() + 10_000);
  return (await response.json()) as {
    readonly result?: { readonly structuredContent: unknown };
    readonly error?: object;
  };
}

describe.each(['legacy', 'modern'] as const)('clients of the %s era', (era) => {
  test.each([
    [{}, { times: 1 }],
    [{ arguments: null }, { times: 1 }],
    [{ arguments: '' }, { times: 1 }],
    [{ arguments: [] }, { times: 1 }],
    [{ arguments: '{"times":"2"}' }, { times: 2 }],
    [{ arguments: { name: null, times: null }, task: null }, { times: 1 }],
    [{ arguments: { name: '', times: '3.0' } }, { times: 3 }],
  ])('may call a tool with %j', async (params, args) => {
    expect(await call(era, params)).toMatchObject({ result: { structuredContent: { args } } });
  });

  test.each([[['x']], ['x'], [7], [true]])('may not call a tool with the arguments %j', async (given) => {
    expect((await call(era, { arguments: given })).error).toMatchObject({ code: -32602 });
  });

  const levels = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  test.each([
    ['a name of the prototype, also in JSON in a text', { name: 'x', more: '{"__proto__":{"a":1}}' }],
    ['1,000 levels', { name: 'x', more: JSON.parse(levels(1_000)) }],
    ['5,000 levels in a text', { name: 'x', more: levels(5_000) }],
  ])('%s is refused, and is no fault of the server', async (_what, given) => {
    expect(await call(era, { arguments: given })).toMatchObject({
      result: { structuredContent: { error: { code: 'INVALID_ARGUMENTS' } } },
    });
  });
});
