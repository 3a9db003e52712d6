/** Drives `mcp-remote`, the bridge for hosts that start servers as programs, with the official SDK's transport for standard input. */
import { dirname, join } from 'node:path';
import { openPage, require, sdkCommands, serve, temporaryHome, token, url, versionOf } from './commands.mjs';

const { Client } = require('@modelcontextprotocol/sdk/client/index.js');
const { StdioClientTransport } = require('@modelcontextprotocol/sdk/client/stdio.js');

const PACKAGE = 'mcp-remote';
const folder = join(process.env.PACKAGES, 'node_modules', PACKAGE);
const home = temporaryHome('mcp-remote');

await serve(async () => {
  const { bin } = require(join(folder, 'package.json'));
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [join(folder, bin[PACKAGE]), url],
    // Without the programs that open a browser: the runner opens the page.
    env: { PATH: dirname(process.execPath), HOME: home },
    cwd: home,
    stderr: 'pipe',
  });
  let printed = '';
  let opened;
  transport.stderr.on('data', (chunk) => {
    printed += chunk;
    const page = /authorize this client by visiting:\s+(\S+)\s/.exec(printed)?.[1];
    if (page) opened ??= openPage(page);
  });
  const client = new Client({ name: 'clients', version: '0' });
  await client.connect(transport);
  await opened;
  return {
    ready: { version: versionOf(PACKAGE), protocol: null, sign_in: token ? 'authorization code' : null },
    ...sdkCommands(client),
  };
});
