/** Drives OpenAI's Codex CLI, without a model or an account: `codex mcp add`, and the tools through its app server. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { openPage, outcomeOf, require, serve, temporaryHome, token, url, versionOf } from './commands.mjs';

const PACKAGE = '@openai/codex';
const SERVER = 'jobs';
const manifest = require.resolve(`${PACKAGE}/package.json`);
const [program] = Object.values(require(manifest).bin);
const home = temporaryHome('codex');
mkdirSync(join(home, '.codex'));
writeFileSync(
  join(home, '.codex', 'config.toml'),
  'check_for_update_on_startup = false\n[analytics]\nenabled = false\n',
);

function codex(args, stdio) {
  const command = join(dirname(manifest), program);
  // The runner opens the page.
  const env = { PATH: process.env.PATH, HOME: home, BROWSER: 'true' };
  return spawn(process.execPath, [command, ...args], { cwd: home, env, stdio });
}

/** Adds the server. It signs in at once when the server requires it. */
async function addServer() {
  // By default it gives the URL of its metadata document, which the identity provider fetches from the internet.
  const registration = token ? ['--oauth-client-registration', 'dcr'] : [];
  const child = codex(['mcp', 'add', SERVER, '--url', url, ...registration], ['ignore', 'pipe', 'inherit']);
  const ended = new Promise((resolve) => child.once('close', resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('http')) await openPage(line);
  }
  const code = await ended;
  if (code !== 0) throw new Error(`codex mcp add ended with ${code}.`);
}

/** Starts the app server. @returns a function that sends it a request */
function startAppServer() {
  const child = codex(['app-server'], ['pipe', 'pipe', 'inherit']);
  process.on('exit', () => child.kill());
  const waiting = new Map();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { id, method, result, error } = JSON.parse(line);
    if (method !== undefined) return;
    const { resolve, reject } = waiting.get(id);
    if (error) reject(new Error(JSON.stringify(error)));
    else resolve(result);
  });
  const send = (message) => child.stdin.write(`${JSON.stringify(message)}\n`);
  let id = 0;
  const request = (method, params) =>
    new Promise((resolve, reject) => {
      id += 1;
      waiting.set(id, { resolve, reject });
      send({ id, method, params });
    });
  return { send, request };
}

await serve(async () => {
  await addServer();
  const { send, request } = startAppServer();
  const clientInfo = { name: 'clients', title: 'clients', version: '0' };
  await request('initialize', { clientInfo, capabilities: { experimentalApi: true } });
  send({ method: 'initialized' });
  const { thread } = await request('thread/start', { ephemeral: true });
  const target = { server: SERVER, threadId: thread.id };
  const list = async () => {
    const { data } = await request('mcpServerStatus/list', {});
    return { tools: Object.keys(data[0].tools) };
  };
  await list();
  return {
    ready: { version: versionOf(PACKAGE), protocol: null, sign_in: token ? 'authorization code' : null },
    list,
    call: async ({ name, arguments: args }) =>
      outcomeOf(await request('mcpServer/tool/call', { ...target, tool: name, arguments: args })),
    read: async ({ uri }) => ({
      text: (await request('mcpServer/resource/read', { ...target, uri })).contents[0].text,
    }),
  };
});
