/** Tests that hosts of MCP Apps find the card of a job, and that no other client sees it. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import {
  getToolUiResourceUri,
  isToolVisibilityModelOnly,
  McpUiResourceMetaSchema,
  McpUiToolMetaSchema,
  RESOURCE_MIME_TYPE,
} from '@modelcontextprotocol/ext-apps/app-bridge';
import { EXTENSION_ID } from '@modelcontextprotocol/ext-apps/server';
import { toolNameOf } from '../../lambdas/definition/operation-definition.ts';
import { createEndpoint } from '../../lambdas/mcp/endpoint.ts';
import type { ServerFeatures } from '../../lambdas/mcp/server.ts';
import { elicitsOf, sessionIdFor } from '../../lambdas/mcp/session.ts';
import { createTools } from '../../lambdas/mcp/tools/index.ts';
import { operations } from '../../lambdas/operations/index.ts';
import { type Scope, scopes } from '../../lambdas/shared/caller.ts';
import { readIdentity } from '../../lambdas/shared/server-identity.ts';

const HTML = '<!doctype html><title>Job</title>';
const APPS = { extensions: { [EXTENSION_ID]: { mimeTypes: [RESOURCE_MIME_TYPE] } } };
/** The tools whose result is always a job. */
const STARTING = operations.filter(({ execution }) => execution.mode === 'job').map(toolNameOf);
const JOB = { uri: 'job://2/result', name: 'Result' };
const EARLIER = { uri: 'job://1/result', name: 'Result' };

const endpoint = createEndpoint({
  identity: readIdentity(),
  authorizationExtensions: [],
  tools: createTools({ operations } as never),
  methods: { legacy: [], modern: [] },
  resources: {
    list: async (_: string, cursor?: string) =>
      cursor === undefined ? { resources: [JOB], nextCursor: 'more' } : { resources: [EARLIER] },
  },
  readCard: async () => HTML,
} as unknown as ServerFeatures);

/** The official client, as a host of either era. */
async function connect(era: 'legacy' | 'auto', capabilities: object, granted: readonly Scope[] = scopes) {
  const client = new Client(
    { name: 'host', version: '1.0.0' },
    { capabilities, versionNegotiation: { mode: era } },
  );
  const url = new URL('http://localhost/mcp');
  await client.connect(
    new StreamableHTTPClientTransport(url, {
      fetch: (input, init) =>
        endpoint(new Request(input, init), { owner: 'ada', scopes: granted }, Date.now() + 10_000),
    }),
  );
  return client;
}

describe.each(['legacy', 'auto'] as const)('a host that negotiates %s', (era) => {
  test('finds the card at the tools that return a job to follow, and reads it', async () => {
    const host = await connect(era, APPS);
    const { tools } = await host.listTools();
    const withCard = tools.filter((tool) => getToolUiResourceUri(tool));
    expect(withCard.map(({ name }) => name)).toEqual([...STARTING, 'check_job', 'retry_job']);
    for (const { _meta } of withCard) expect(McpUiToolMetaSchema.parse(_meta?.ui)).toEqual(_meta?.ui);
    // The card calls them all.
    expect(tools.filter(isToolVisibilityModelOnly)).toEqual([]);

    const uri = getToolUiResourceUri(withCard[0] as never) ?? '';
    const { resources } = await host.listResources();
    expect(resources.map((one) => one.uri)).toEqual([uri, JOB.uri, EARLIER.uri]);
    const { contents } = await host.readResource({ uri });
    expect(contents).toEqual([{ uri, mimeType: RESOURCE_MIME_TYPE, text: HTML, _meta: resources[0]?._meta }]);
    const meta = contents[0]?._meta?.ui as { csp: object };
    expect(McpUiResourceMetaSchema.parse(meta)).toEqual(meta);
    expect(Object.values(meta.csp).flat()).toEqual([]);
    await host.close();
  });

  test.each([
    ['declares nothing', {}],
    ['declares no type of page', { extensions: { [EXTENSION_ID]: {} } }],
    ['shows other pages', { extensions: { [EXTENSION_ID]: { mimeTypes: ['text/uri-list'] } } }],
    ['can only ask its user', { elicitation: {} }],
  ])('that %s sees no card', async (_, capabilities) => {
    const client = await connect(era, capabilities);
    const { tools } = await client.listTools();
    expect(tools.filter((tool) => '_meta' in tool)).toEqual([]);
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toEqual([JOB.uri, EARLIER.uri]);
    await client.close();
  });

  test('reads the card without any scope: it has no data', async () => {
    const host = await connect(era, APPS, []);
    const [tool] = (await host.listTools()).tools.filter((one) => getToolUiResourceUri(one));
    const uri = getToolUiResourceUri(tool as never) ?? '';
    expect((await host.readResource({ uri })).contents).toHaveLength(1);
    await host.close();
  });
});

test('the id of a session says what a client of 2025 can do, and nothing else', () => {
  const idOf = (capabilities: unknown) => sessionIdFor({ method: 'initialize', params: { capabilities } });
  const parts = (capabilities: unknown) => idOf(capabilities)?.split('.').slice(1);
  expect(parts(APPS)).toEqual(['ui']);
  expect(parts({ ...APPS, elicitation: { url: {} } })).toEqual(['url', 'ui']);
  expect(parts({ elicitation: {} })).toEqual(['form']);
  expect(elicitsOf(idOf({ ...APPS, elicitation: {} }) ?? null)).toEqual({ form: true, url: false });
  for (const nothing of [
    undefined,
    null,
    'x',
    {},
    { extensions: null },
    { extensions: { [EXTENSION_ID]: { mimeTypes: 'x' } } },
  ])
    expect(idOf(nothing)).toBeUndefined();
});
