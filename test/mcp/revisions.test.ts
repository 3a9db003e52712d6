/** Tests that clients of each protocol revision receive only the content types of that revision. */
import { SUPPORTED_PROTOCOL_VERSIONS } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { createEndpoint } from '../../lambdas/mcp/endpoint.ts';
import type { ServerFeatures } from '../../lambdas/mcp/server.ts';
import { defineTool } from '../../lambdas/mcp/tool.ts';
import { scopes } from '../../lambdas/shared/caller.ts';
import { readIdentity } from '../../lambdas/shared/server-identity.ts';

const DATA = { data: 'AA==', mimeType: 'x/y' };
const content = [
  { type: 'image', ...DATA },
  { type: 'audio', ...DATA },
  { type: 'resource', resource: { uri: 'x://y', mimeType: 'text/plain', text: 'x' } },
] as const;
const show = defineTool({
  name: 'show',
  title: 'Show',
  description: 'Returns content.',
  scope: 'jobs:read',
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  input: z.strictObject({}),
  output: z.looseObject({}),
  call: async () => ({
    structured: { files: [{ name: 'a.tar.gz' }] },
    text: 'Done.',
    next: 'Rest.',
    content,
  }),
});
const endpoint = createEndpoint({
  identity: readIdentity('{"title":"Reports","version":"2.0.0"}'),
  authorizationExtensions: ['oauth-client-credentials'],
  tools: [show],
  methods: { legacy: [], modern: [] },
} as unknown as ServerFeatures);

const EXTENSION = 'io.modelcontextprotocol/oauth-client-credentials';

async function rpc(method: string, params: object, revision?: string) {
  const request = new Request('http://localhost/mcp', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(revision && { 'mcp-protocol-version': revision }),
      ...(revision === '2026-07-28' && { 'mcp-method': method }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const response = await endpoint(request, { owner: 'alice', scopes }, Date.now() + 10_000);
  // biome-ignore lint/suspicious/noExplicitAny: responses are checked field by field
  return ((await response.json()) as any).result;
}

const WITHOUT_AUDIO = ['text', 'image', 'resource', 'resource'];
const WITH_AUDIO = ['text', 'image', 'audio', 'resource'];

// Clients send the header since 2025-06-18. Without it, nobody knows which of the earlier revisions they negotiated.
test.each([
  ['2024-10-07', undefined, WITHOUT_AUDIO],
  ['2024-11-05', undefined, WITHOUT_AUDIO],
  ['2025-03-26', undefined, WITHOUT_AUDIO],
  ['2024-11-05', '2024-11-05', WITHOUT_AUDIO],
  ['2025-03-26', '2025-03-26', WITH_AUDIO],
  ['2025-06-18', '2025-06-18', WITH_AUDIO],
  ['2025-11-25', '2025-11-25', WITH_AUDIO],
])('a client of %s that sends the header %s', async (protocolVersion, header, types) => {
  const clientInfo = { name: 'old', version: '1.0.0' };
  const started = await rpc('initialize', { protocolVersion, capabilities: {}, clientInfo });
  expect(started.protocolVersion).toBe(protocolVersion);
  const result = await rpc('tools/call', { name: 'show', arguments: {} }, header);
  expect(result.content.map(({ type }: { type: string }) => type)).toEqual(types);
  expect(result).toEqual({
    content: expect.any(Array),
    // A field that earlier revisions do not have, which their schemas allow.
    structuredContent: { files: [{ name: 'a.tar.gz' }], next: 'Rest.' },
  });
});

test('every revision that the server negotiates is tested', () => {
  expect([...SUPPORTED_PROTOCOL_VERSIONS].sort()).toEqual([
    '2024-10-07',
    '2024-11-05',
    '2025-03-26',
    '2025-06-18',
    '2025-11-25',
  ]);
});

test('a client of 2026 learns who the server is, and which extensions of authorization it may use', async () => {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'new', version: '1.0.0' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const found = await rpc('server/discover', { _meta }, '2026-07-28');
  expect(JSON.stringify(found)).toContain(
    '"name":"mcp-async-operations","title":"Reports","version":"2.0.0"',
  );
  expect(found.capabilities.extensions).toHaveProperty([EXTENSION], {});
});

test('a client of 2025 learns who the server is, without those extensions', async () => {
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'old', version: '1.0.0' },
  };
  const { serverInfo, capabilities } = await rpc('initialize', params);
  expect(serverInfo).toMatchObject({ title: 'Reports', version: '2.0.0' });
  expect(capabilities.extensions).not.toHaveProperty([EXTENSION]);
});

test.each(['GET', 'DELETE', 'HEAD'])('%s is refused, and HEAD without a body', async (method) => {
  const request = new Request('http://localhost/mcp', { method, headers: { accept: 'text/event-stream' } });
  const response = await endpoint(request, { owner: 'alice', scopes }, Date.now() + 10_000);
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  const body = await response.text();
  if (method === 'HEAD') expect(body).toBe('');
  else expect(JSON.parse(body).error.message).toContain(`${method} is not supported`);
});
