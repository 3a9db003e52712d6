/** Tests which headers a request gets that its client leaves out, and which contradictions stay. */
import { readRequest, refuseVersion } from '../../lambdas/mcp/read-request.ts';

const MODERN = { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } };

async function read(body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const original = new Request('http://localhost/mcp', { method: 'POST', headers, body: text });
  const result = await readRequest(original, 1_000);
  return { ...result, headers: Object.fromEntries(result.request.headers) };
}

const decoded = (header = '') => Buffer.from(header.slice('=?base64?'.length, -2), 'base64').toString();

describe('a request of 2026', () => {
  test.each([
    ['tasks/get', { taskId: 'a' }, 'a'],
    ['tasks/update', { taskId: 'é\n漢' }, 'é\n漢'],
    ['tasks/cancel', { taskId: '' }, ''],
    ['resources/read', { uri: 'job://x/log' }, 'job://x/log'],
    ['prompts/get', { name: 'x' }, 'x'],
  ])('%s gets all headers that repeat its body', async (method, params, name) => {
    const { headers } = await read({ method, params: { ...params, ...MODERN } });
    expect(headers).toMatchObject({ 'mcp-protocol-version': '2026-07-28', 'mcp-method': method });
    expect(decoded(headers['mcp-name'])).toBe(name);
  });

  test('keeps what it says, also when it contradicts itself', async () => {
    const given = { 'mcp-protocol-version': '2025-11-25', 'mcp-method': 'tasks/cancel', 'mcp-name': 'other' };
    const { headers } = await read({ method: 'tasks/get', params: { taskId: 'a', ...MODERN } }, given);
    expect(headers).toMatchObject(given);
  });

  test.each(['tools/call', 'tools/list'])(
    '%s is refused without its headers, so nothing begins',
    async (method) => {
      const { headers } = await read({ method, params: { name: 'start_build', ...MODERN } });
      expect(headers).not.toHaveProperty('mcp-method');
      expect(headers).not.toHaveProperty('mcp-name');
    },
  );

  test.each([
    { method: 'tasks/get\r\nx: y', params: { taskId: 'a', ...MODERN } },
    { method: 7, params: { taskId: 7, ...MODERN } },
    { method: '__proto__/get', params: MODERN },
    { method: 'tasks/get', params: { _meta: { 'io.modelcontextprotocol/protocolVersion': 'é' } } },
    { method: 'tasks/get', params: null },
    'null',
    '[]',
    '{"method":',
    `"${'x'.repeat(2_000)}"`,
  ])('what cannot be in a header is not put there: %j', async (body) => {
    const { headers } = await read(body);
    expect(headers).not.toHaveProperty('mcp-name');
  });
});

test.each([
  ['initialize', '2099-01-01', '2099-01-01', undefined],
  ['initialize', '2099-01-01', '2025-11-25', undefined],
  ['initialize', '2026-07-28', '2026-07-28', undefined],
  ['initialize', '2026-07-28', '2025-11-25', '2026-07-28'],
  ['initialize', '', '2025-11-25', undefined],
  ['tools/list', '', undefined, undefined],
  ['tools/list', '2025-11-25', undefined, '2025-11-25'],
])(
  '%s with the version %j in its header and %j in its body is read with %j',
  async (method, header, protocolVersion, kept) => {
    const { headers } = await read(
      { method, params: { protocolVersion } },
      { 'mcp-protocol-version': header },
    );
    expect(headers['mcp-protocol-version']).toBe(kept);
  },
);

test('an unknown version is answered with the supported ones', async () => {
  const body = { jsonrpc: '2.0', id: 'x', method: 'tools/list' };
  const refusal = refuseVersion(await read(body, { 'mcp-protocol-version': '2099-01-01' }));
  expect(refusal?.status).toBe(400);
  expect(await refusal?.json()).toMatchObject({
    id: 'x',
    error: {
      code: -32022,
      data: { requested: '2099-01-01', supported: expect.arrayContaining(['2026-07-28', '2025-11-25']) },
    },
  });
  for (const version of ['2025-11-25', '2026-07-28']) {
    expect(refuseVersion(await read(body, { 'mcp-protocol-version': version }))).toBeUndefined();
  }
});
