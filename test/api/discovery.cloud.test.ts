/** Tests through the gateway that a client finds the server by its catalog, and that the card agrees with the endpoint. */
import type { LocalCloud } from '../../local/cloud.ts';
import { modernRequest } from '../support/rpc.ts';
import { sharedCloud } from '../support/shared-cloud.ts';

let cloud: LocalCloud;

beforeAll(async () => {
  cloud = await sharedCloud();
});

const at = (path: string, init?: RequestInit) => fetch(new URL(path, cloud.url), init);

test('the catalog leads to the card, and the card to an endpoint that says the same of itself', async () => {
  const catalog = await (await at('/.well-known/ai-catalog.json')).json();
  expect(await (await at('/.well-known/ard.json')).json()).toEqual(catalog);
  const response = await fetch(Object(catalog).entries[0].url, {
    headers: { accept: 'application/mcp-server-card+json' },
  });
  expect(response.headers.get('content-type')).toBe('application/mcp-server-card+json');
  const { name, title, version, remotes } = Object(await response.json());
  expect(remotes[0].url).toBe(`${cloud.url}/mcp`);
  const { result } = Object(await (await modernRequest(cloud, 'server/discover', {})).json());
  const served = result._meta['io.modelcontextprotocol/serverInfo'];
  expect(served).toMatchObject({ name: name.split('/')[1], title, version });
  expect(remotes[0].supportedProtocolVersions).toEqual(expect.arrayContaining(result.supportedVersions));
});

test('a client that has the card gets 304, and HEAD gets the headers alone', async () => {
  const etag = String((await at('/mcp/server-card')).headers.get('etag'));
  const again = await at('/mcp/server-card', { headers: { 'if-none-match': etag } });
  expect([again.status, await again.text()]).toEqual([304, '']);
  const head = await at('/mcp/server-card', { method: 'HEAD' });
  expect([head.status, head.headers.get('etag'), await head.text()]).toEqual([200, etag, '']);
});

test.each([
  ['GET', '/.well-known/mcp.json'],
  ['GET', '/.well-known/ai-catalog.json/x'],
  ['POST', '/.well-known/ai-catalog.json'],
  ['POST', '/mcp/server-card'],
  ['DELETE', '/mcp/server-card'],
])('anybody learns that %s %s does not exist', async (method, path) => {
  const response = await at(path, { method });
  expect([response.status, Object(await response.json()).error.code]).toEqual([404, 'NOT_FOUND']);
});
