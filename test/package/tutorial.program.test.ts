/** Runs the commands of the tutorial in an empty folder, in the order of the page, up to the deploy. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { isFile, PAGE, tutorialBlocks, writeFileOf } from './tutorial.ts';

const ENDPOINT = 'http://127.0.0.1:3000/mcp';

let home: string;
let folder: string;
let dev: ChildProcess | undefined;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'tutorial-'));
  folder = home;
});
afterAll(async () => {
  if (dev?.pid && dev.exitCode === null) {
    const ended = once(dev, 'exit');
    process.kill(-dev.pid, 'SIGTERM');
    await ended;
  }
  await rm(home, { recursive: true, force: true, maxRetries: 10 });
});

/** Omits the variables that `npm run` sets, but for those that say where packages come from: the new home has no configuration. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_(?!config_(cache|registry|userconfig)$)|INIT_CWD$|NODE_OPTIONS$)/.test(name),
  );
  return {
    ...Object.fromEntries(kept),
    HOME: home,
    PATH: [dirname(process.execPath), resolve('node_modules/.bin'), process.env.PATH].join(delimiter),
    npm_config_prefer_offline: 'true',
    npm_config_ignore_scripts: 'true',
    npm_config_loglevel: 'error',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    AWS_EC2_METADATA_DISABLED: 'true',
    PORT: '0',
  };
}

/** Runs commands in one shell, stops at the first that fails, and stays in the folder to which they change. */
async function runInShell(commands: string, cwd: string): Promise<string> {
  const script = `set -e\n${commands}\nprintf '\\n%s' "$PWD"`;
  const shell = spawn('sh', ['-c', script], { cwd, env: environment() });
  let output = '';
  let errors = '';
  shell.stdout.on('data', (chunk) => {
    output += chunk;
  });
  shell.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const [code] = await once(shell, 'close');
  if (code !== 0) throw new Error(`${commands}\nended with ${code}:\n${output}${errors}`);
  const lastLine = output.lastIndexOf('\n');
  if (cwd !== resolve('.')) folder = output.slice(lastLine + 1);
  return output.slice(0, lastLine);
}

/** @returns the URL of the MCP endpoint */
async function serve(command: string): Promise<string> {
  dev = spawn('sh', ['-c', `exec ${command}`], {
    cwd: folder,
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  for await (const line of createInterface({ input: dev.stdout as NodeJS.ReadableStream })) {
    const [, url] = /^MCP endpoint: (\S+)$/.exec(line) ?? [];
    if (url) return url;
  }
  throw new Error(`${command} ended before it printed its endpoint.`);
}

test('the commands and files of the tutorial make a service whose job completes', async () => {
  const results: Record<string, unknown>[] = [];
  let endpoint = '';
  for (const block of (await tutorialBlocks()).local) {
    const { kind, text } = block;
    if (kind === 'sh pack') await runInShell(text.replace('npm run setup\n', ''), resolve('.'));
    else if (kind === 'sh serve') endpoint = await serve(text.trim());
    else if (kind === 'sh call') {
      const command = text.replace(ENDPOINT, endpoint).replace('JOB_ID', String(results.at(-1)?.job_id));
      const { result } = JSON.parse(await runInShell(command, folder));
      results.push(result.structuredContent);
    } else if (kind === 'sh') await runInShell(text, folder);
    else if (isFile(block)) await writeFileOf(block, folder);
  }
  expect(results).toEqual([
    expect.objectContaining({ job_id: expect.any(String), status: 'pending', next: expect.any(String) }),
    expect.objectContaining({ status: 'completed', result: { words: 4 } }),
  ]);
}, 600_000);

test('each output that the tutorial reads has one name in the template', async () => {
  // `dev` needs no user pool; a deployment has one by default.
  await runInShell('npx cdk synth --quiet --no-notices', folder);
  const template = join(folder, 'cdk.out/WordService.template.json');
  const { Outputs } = JSON.parse(await readFile(template, 'utf8'));
  const page = await readFile(PAGE, 'utf8');
  const read = new Set([...page.matchAll(/\$\(OUT (\w+)\)/g)].map(([, name = '']) => name));
  expect([...read].sort()).toEqual([
    'ClientId',
    'LoginDomain',
    'McpEndpoint',
    'ProgramClientId',
    'UserPoolId',
  ]);
  const definition = /^OUT\(\).*$/m.exec(page)?.[0] ?? '';
  const outputs = Object.fromEntries(Object.keys(Outputs).map((name) => [name, `value of ${name}`]));
  await writeFile(join(folder, 'outputs.json'), JSON.stringify({ WordService: outputs }));
  for (const name of read) {
    const value = await runInShell(`${definition}\nOUT ${name}`, folder);
    expect(value).toMatch(new RegExp(`^value of (Operations)?${name}([0-9A-F]{8})?\\n$`));
  }
}, 300_000);
