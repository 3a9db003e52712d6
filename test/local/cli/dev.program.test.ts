/** The commands that people run, run as they do: `npm start` and `npm run add-project`, with clients that die. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { Client } from '@modelcontextprotocol/client';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as Transport1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { awsClients, call, connect, fileUrl } from '../../support/test-cloud.ts';

let scratch: string;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'start-'));
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});
afterAll(() => rm(scratch, { recursive: true, force: true, maxRetries: 10 }));

const BIN = 'local/cli/bin.ts';

function run(entry: string, args: readonly string[] = [], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['--conditions=mcp-async-operations-source', entry, ...args], {
    // What a killed cloud leaves behind is in the scratch directory too.
    env: { ...process.env, PORT: '0', LOCAL_CLOUD_DIR: join(scratch, 'cloud'), TMPDIR: scratch, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stderr }));
  return { child, ended, stdout: () => stdout };
}

/** Waits for a line of a program's output, and returns what the pattern captures. */
async function line({ child, ended, stdout }: ReturnType<typeof run>, pattern: RegExp): Promise<string> {
  for (;;) {
    const match = pattern.exec(stdout());
    if (match) return match[1] ?? match[0];
    const end = await Promise.race([once(child.stdout, 'data').then(() => undefined), ended]);
    if (end && !pattern.test(stdout()))
      throw new Error(`It ended without printing ${pattern}: ${end.stderr}`);
  }
}

/** `npm start`: its process, and the URL it prints. */
async function start(...args: string[]) {
  const cloud = run(BIN, ['dev', ...args]);
  return { ...cloud, url: await line(cloud, /^MCP endpoint: (\S+)$/m) };
}

/** A project without dependencies, so that building it needs no network. */
async function project(name: string, scripts: Record<string, string>): Promise<string> {
  const directory = join(scratch, name);
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'package.json'), JSON.stringify({ name, version: '1.0.0', scripts }));
  await writeFile(join(directory, 'main.js'), 'console.log("it runs")\n');
  return directory;
}

async function addProject(directory: string) {
  const { code, stderr } = await run(BIN, ['add-project', directory]).ended;
  if (code !== 0) throw new Error(stderr);
}

async function waitForEndOrInput(client: Client, job_id: string) {
  for (;;) {
    const { data } = await call(client, 'check_job', { job_id, wait_seconds: 30 });
    if (data.status !== 'running' && data.status !== 'pending') return data;
  }
}

test('builds survive a killed client and a killed cloud: another client collects them after a restart', async () => {
  const first = await start();
  await addProject(await project('sturdy', { build: 'node main.js', test: 'node main.js' }));
  const doomed = run('test/support/client-process.ts', [first.url, 'sturdy']);
  const job_id = await line(doomed, /^([0-9a-f-]{36})$/m);
  doomed.child.kill('SIGKILL');
  await doomed.ended;
  const other = await connect(first);
  expect(await waitForEndOrInput(other, job_id)).toMatchObject({
    job_id,
    status: 'completed',
    result: { artifact: '/builds/sturdy.tar.gz', skipped: [] },
  });

  const gate = join(scratch, 'gate');
  // Waits for the gate: the kill falls in the middle of the script, and the second attempt ends.
  const build = `node -e "const fs=require('fs');fs.writeFileSync('${gate}.reached','');setInterval(()=>fs.existsSync('${gate}')&&process.exit(0),20)"`;
  await addProject(await project('cut-off', { build }));
  const { data: started } = await call(other, 'start_build', { project: 'cut-off' });
  while (!(await readFile(`${gate}.reached`).catch(() => undefined))) await delay(20);
  await other.close();
  first.child.kill('SIGKILL');
  await first.ended;
  await writeFile(gate, '');

  const second = await start();
  const later = await connect(second);
  const { data } = await call(later, 'check_job', { job_id });
  expect(data).toMatchObject({ status: 'completed', result: { artifact: '/builds/sturdy.tar.gz' } });
  const artifact = await fetch(await fileUrl(later, job_id, 'sturdy.tar.gz'));
  expect((await artifact.arrayBuffer()).byteLength).toBe(data.result.size);
  expect(await waitForEndOrInput(later, started.job_id)).toMatchObject({ status: 'completed' });
  await later.close();
  second.child.kill('SIGINT');
  expect(await second.ended).toMatchObject({ code: 0 });
});

describe('a build', () => {
  let cloud: Awaited<ReturnType<typeof start>>;
  let client: Client;

  beforeAll(async () => {
    cloud = await start('--ephemeral', '--allow-loopback-webhooks');
    // It outlives each of these tests.
    children.delete(cloud.child);
    client = await connect(cloud);
  });
  afterAll(async () => {
    await client.close();
    cloud.child.kill('SIGTERM');
    expect(await cloud.ended).toMatchObject({ code: 0 });
  });

  test('webhooks may call this machine when it is asked for, and that is said', async () => {
    await line(cloud, /^Webhooks may call http URLs on loopback\. For development only\.$/m);
  });

  test('a cancelled build stops the script that was running', async () => {
    const pidFile = join(scratch, 'pid');
    const build = `node -e "require('fs').writeFileSync('${pidFile}',String(process.pid));setInterval(()=>{},1000)"`;
    await addProject(await project('endless', { build }));
    const { data: started } = await call(client, 'start_build', { project: 'endless' });
    let pid = 0;
    while (!pid) pid = Number(await readFile(pidFile, 'utf8').catch(() => '0'));
    expect(isAlive(pid)).toBe(true);
    const { data } = await call(client, 'cancel_job', { job_id: started.job_id });
    expect(data).toMatchObject({ status: 'cancelled', step: 'compile' });
    while (isAlive(pid)) await delay(20);
  });

  test('a failing test script fails the job with the step, the exit code and the last lines', async () => {
    await addProject(
      await project('failing', { test: `node -e "console.log('1 of 2 failed');process.exit(3)"` }),
    );
    const { data } = await call(client, 'start_build', { project: 'failing', wait_seconds: 30 });
    expect(data).toMatchObject({
      status: 'failed',
      error: { code: 'SCRIPT_FAILED', step: 'test', details: { exit_code: 3 } },
      log_tail: expect.arrayContaining(['1 of 2 failed']),
    });
  });

  test('is there for the clients of all revisions, with the other operations and the tools that every catalogue has', async () => {
    const names = [
      'start_build',
      'start_deploy',
      'import_project',
      'read_project_file',
      'search_project',
      'start_upload',
      'list_projects',
      'check_job',
      'get_file',
      'read_log',
      'list_jobs',
      'answer_job',
      'cancel_job',
      'retry_job',
      'list_deliveries',
    ];
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(names);
    const old = new Client1({ name: 'test', version: '1.0.0' });
    await old.connect(new Transport1(new URL(cloud.url)));
    expect((await old.listTools()).tools.map(({ name }) => name)).toEqual(names);
    await old.close();
  });

  test('can be made of the example, which is in the workspace from the start', async () => {
    const { environment, outputs } = JSON.parse(await readFile(join(scratch, 'cloud', 'cloud.json'), 'utf8'));
    const { s3 } = awsClients({ environment });
    const { Contents = [] } = await s3.send(
      new ListObjectsV2Command({ Bucket: outputs.WorkspaceBucketName }),
    );
    expect(Contents.map(({ Key }) => Key)).toContain('projects/hello-service.tar.gz');
    s3.destroy();
  });

  test('answers in the words of its contract', async () => {
    await addProject(await project('worded', {}));
    const { data } = await call(client, 'start_build', { project: 'worded' });
    expect(data).toMatchObject({
      job_id: expect.any(String),
      status: 'pending',
      message: 'Build started. Use check_job to monitor progress.',
    });
    await waitForEndOrInput(client, data.job_id);
  });

  test('does not make a job for a project that is not there', async () => {
    const { isError, data } = await call(client, 'start_build', { project: 'nowhere' });
    expect(isError).toBe(true);
    expect(data.error).toMatchObject({
      code: 'PROJECT_NOT_FOUND',
      message: expect.stringContaining('projects/nowhere.tar.gz'),
    });
    expect(
      (await call(client, 'list_jobs')).data.jobs.map((job: { status: string }) => job.status),
    ).not.toContain('pending');
  });

  test.each([
    '',
    '../escape',
    'a/b',
    'a..b',
    'nul\u0000',
    'new\nline',
    '.hidden',
    'x'.repeat(101),
    'späce',
    'a b',
  ])('refuses the project name %j', async (name) => {
    const { isError, data } = await call(client, 'start_build', { project: name });
    expect(isError).toBe(true);
    expect(data.error).toMatchObject({
      code: 'INVALID_ARGUMENTS',
      message: expect.stringContaining('project'),
    });
  });
});

describe('npm run add-project', () => {
  test('says how to start the local cloud when there is none', async () => {
    const env = { LOCAL_CLOUD_DIR: join(scratch, 'nothing-here') };
    const { code, stderr } = await run(BIN, ['add-project', await project('lonely', {})], env).ended;
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('npm start') });
  });

  test('shows its usage for what it does not know', async () => {
    const { code, stderr } = await run(BIN, ['add-project', '--colour']).ended;
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('Usage:') });
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
