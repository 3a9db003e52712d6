/** The official Inspector's command line: a process for each command. In the newer era it is given a task, and follows it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { require, serve, token, url, versionOf } from './commands.mjs';

const PACKAGE = '@modelcontextprotocol/inspector';
const manifest = require.resolve(`${PACKAGE}/package.json`);
const [program] = Object.values(require(manifest).bin);

async function inspect(era, method, ...args) {
  const header = token ? ['--header', `Authorization: Bearer ${token}`] : [];
  const options = ['--protocol-era', era, '--format', 'json', '-q', ...header, '--method', method, ...args];
  const command = [new URL(program, `file://${manifest}`).pathname, '--cli', url, ...options];
  // It exits with a code when the tool has failed.
  const { stdout, stderr } = await promisify(execFile)(process.execPath, command).catch((error) => error);
  const line = stdout?.trim() || stderr?.trim();
  const { result, error } = JSON.parse(line);
  if (!result) throw new Error(JSON.stringify(error ?? line));
  return result;
}

async function call(era, { name, arguments: args }) {
  const options = ['--tool-name', name, '--tool-args-json', JSON.stringify(args)];
  const result = await inspect(era, 'tools/call', ...options);
  const text = result.content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
  return { structured: result.structuredContent ?? null, text, failed: result.isError === true };
}

await serve(async () => {
  const { tools } = await inspect('legacy', 'tools/list');
  return {
    ready: { version: versionOf(PACKAGE), protocol: null, sign_in: token ? 'token' : null },
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
