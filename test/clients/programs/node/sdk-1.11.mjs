/** Drives the official SDK for TypeScript 1.11.5 of May 2025: tools. Its sign-in knows no separate authorization server. */
import { require, sdkCommands, serve, token, url, versionOf } from './commands.mjs';

const { Client } = require('@modelcontextprotocol/sdk/client/index.js');
const { StreamableHTTPClientTransport } = require('@modelcontextprotocol/sdk/client/streamableHttp.js');

await serve(async () => {
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
  const client = new Client({ name: 'clients', version: '0' });
  // Its API does not tell the revision that it has negotiated.
  await client.connect(transport);
  return {
    ready: {
      version: versionOf('@modelcontextprotocol/sdk'),
      protocol: null,
      sign_in: token ? 'token' : null,
    },
    ...sdkCommands(client),
  };
});
