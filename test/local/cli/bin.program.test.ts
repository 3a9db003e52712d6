/** Checks what commands print before they start anything: help, wrong options, and folders without a usable CDK app. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cli with a space-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const program = ['--conditions=mcp-async-operations-source', join(process.cwd(), 'local/cli/bin.ts')];
  const options = {
    cwd: directory,
    env: { ...process.env, PORT: '0', LOCAL_CLOUD_DIR: join(directory, '.local'), ...env },
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [...program, ...args], options, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

/** Writes an app whose assembly has stacks with these outputs. */
async function writeApp(stacks: Readonly<Record<string, readonly string[]>>): Promise<void> {
  const files = {
    'manifest.json': {
      artifacts: Object.fromEntries(
        Object.keys(stacks).map((name) => [
          name,
          { type: 'aws:cloudformation:stack', properties: { templateFile: `${name}.json` } },
        ]),
      ),
    },
    ...Object.fromEntries(
      Object.entries(stacks).map(([name, outputs]) => [
        `${name}.json`,
        { Resources: {}, Outputs: Object.fromEntries(outputs.map((output) => [output, { Value: '' }])) },
      ]),
    ),
  };
  await writeFile(
    join(directory, 'app.mjs'),
    `import { mkdirSync, writeFileSync } from 'node:fs';
    const directory = process.env.CDK_OUTDIR;
    mkdirSync(directory, { recursive: true });
    for (const [name, content] of Object.entries(${JSON.stringify(files)})) {
      writeFileSync(directory + '/' + name, JSON.stringify(content));
    }`,
  );
  await writeFile(join(directory, 'cdk.json'), '{ "app": "node app.mjs" }');
}

test.each([
  [['--help'], 'COMMAND'],
  [['-h'], 'COMMAND'],
  [[], 'COMMAND'],
  [['dev', '--help'], 'dev'],
  [['add-project', '--help'], 'add-project'],
  [['demo', '--help'], 'demo'],
])('%j shows the usage and exits with 0', async (args, usage) => {
  expect(await run(args)).toEqual({
    code: 0,
    stdout: expect.stringMatching(new RegExp(`^Usage: mcp-async-operations ${usage}`)),
    stderr: '',
  });
});

test.each([
  [['deploy'], '"deploy"'],
  [['--colour'], '"--colour"'],
  [['constructor'], '"constructor"'],
  [['dev', '--colour'], "'--colour'"],
  [['dev', 'folder'], "'folder'"],
  [['dev', '--context', 'novalue'], '--context novalue'],
  [['dev', '--stand-in', '=x'], '--stand-in =x'],
  [['dev', '--app'], '--app'],
  [['add-project', '--colour'], "'--colour'"],
  [['add-project'], 'directory'],
  [['add-project', 'a', 'b', 'c'], 'directory'],
  [['demo', '--colour'], "'--colour'"],
])('%j shows the fault and the usage, and exits with 2', async (args, what) => {
  expect(await run(args)).toEqual({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(new RegExp(`${what}[\\s\\S]*\n\nUsage: `)),
  });
});

test('a port that is not a number exits with 2', async () => {
  const { code, stderr } = await run(['dev'], { PORT: 'http' });
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('PORT=http') });
});

test('dev in a folder without a CDK app names the folder and the remedy', async () => {
  const { code, stderr } = await run(['dev']);
  expect(code).toBe(1);
  expect(stderr).toContain(directory);
  expect(stderr).toMatch(/cdk\.json.*--app DIR/s);
});

test('dev with a folder that does not exist names it', async () => {
  const { code, stderr } = await run(['dev', '--app', 'nowhere']);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(join(directory, 'nowhere')) });
});

test('dev with an invalid cdk.json names the file', async () => {
  await writeFile(join(directory, 'cdk.json'), '{ "app": ');
  const { code, stderr } = await run(['dev']);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(join(directory, 'cdk.json')) });
});

test('dev with an app that fails to synthesize shows what the app printed', async () => {
  await writeFile(join(directory, 'cdk.json'), '{ "app": "node app.mjs" }');
  await writeFile(join(directory, 'app.mjs'), 'throw new Error("There is no bucket.");');
  const { code, stderr } = await run(['dev']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/\(node app\.mjs\):\n[\s\S]*Error: There is no bucket\./);
});

test('dev with an app that writes no assembly names the command', async () => {
  await writeFile(join(directory, 'cdk.json'), '{ "app": "node app.mjs" }');
  await writeFile(join(directory, 'app.mjs'), '');
  const { code, stderr } = await run(['dev']);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('node app.mjs') });
});

test.each([
  ['two stacks with the service', { One: ['McpEndpoint'], Two: ['OperationsMcpEndpoint0A1B2C3D'] }, []],
  ['two stacks without the service', { One: [], Two: ['Endpoint'] }, []],
  ['no stack of the name', { One: ['McpEndpoint'], Two: ['McpEndpoint'] }, ['--stack', 'Three']],
])('dev with %s names the stacks and --stack', async (_what, stacks, args) => {
  await writeApp(stacks);
  const { code, stderr } = await run(['dev', ...args]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/2 stacks \(One, Two\).*--stack NAME/);
});

test('add-project without a local cloud names the command that starts one', async () => {
  const { code, stderr } = await run(['add-project', '.', 'x']);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('mcp-async-operations dev') });
});

test('a failed start leaves no file of a running cloud', async () => {
  await run(['dev']);
  await expect(readFile(join(directory, '.local', 'cloud.json'))).rejects.toThrow('ENOENT');
});
