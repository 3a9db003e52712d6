/** Drives the official Inspector's command line, with a process for each command. In the newer era it gets a task and follows it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openPage, outcomeOf, require, serve, temporaryHome, token, url, versionOf } from './commands.mjs';

const PACKAGE = '@modelcontextprotocol/inspector';
const manifest = require.resolve(`${PACKAGE}/package.json`);
const [program] = Object.values(require(manifest).bin);

const home = temporaryHome('inspector');
const env = {
  PATH: process.env.PATH,
  HOME: home,
  // Signs in without a terminal. The runner opens the page.
  MCP_AUTO_OPEN_ENABLED: 'true',
  MCP_INSPECTOR_SECRET_STORE: 'file',
};

async function inspect(era, method, ...args) {
  const options = ['--protocol-era', era, '--format', 'json', '-q', '--method', method, ...args];
  const command = [new URL(program, `file://${manifest}`).pathname, '--cli', url, ...options];
  const child = spawn(process.execPath, command, { env, cwd: home, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  let opened;
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
    const page = /Please navigate to: (\S+)\s/.exec(stderr)?.[1];
    if (page) opened ??= openPage(page);
  });
  // It exits with a code when the tool has failed.
  await once(child, 'close');
  await opened;
  const line = stdout.trim() || stderr.trim();
  const { result, error } = JSON.parse(line);
  if (!result) throw new Error(JSON.stringify(error ?? line));
  return result;
}

async function call(era, { name, arguments: args }) {
  const options = ['--tool-name', name, '--tool-args-json', JSON.stringify(args)];
  return outcomeOf(await inspect(era, 'tools/call', ...options));
}

await serve(async () => {
  const { tools } = await inspect('legacy', 'tools/list');
  return {
    ready: { version: versionOf(PACKAGE), protocol: null, sign_in: token ? 'authorization code' : null },
    list: async () => ({ tools: tools.map(({ name }) => name) }),
    call: (command) => call('legacy', command),
    read: async ({ uri }) => ({
      text: (await inspect('legacy', 'resources/read', '--uri', uri)).contents[0].text,
    }),
    task: async (command) =>
      command.name === 'start_deploy'
        ? { unsupported: 'its command line asks nobody' }
        : { ...(await call('modern', command)), status: 'completed' },
  };
});
