/** `npm run demo`: a project is built by an MCP client against the local cloud, from its source to its artifact. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { S3Client } from '@aws-sdk/client-s3';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { list } from 'tar';
import type { JobView } from '../../lambdas/jobs/job-view.ts';
import { ErrorCode } from '../../lambdas/shared/errors.ts';
import type { FileLink } from '../../lambdas/workspace/workspace-links.ts';
import { startApp } from '../app.ts';
import type { LocalCloud } from '../cloud.ts';
import { startDemoReceiver } from './demo-receiver.ts';
import { ProgressBar } from './progress-bar.ts';
import { SAMPLE_APP, SAMPLE_PROJECT } from './samples.ts';
import { BUCKET_OUTPUT, uploadProject } from './upload-project.ts';

const USAGE = `Usage: mcp-async-operations demo [--project DIR] [--webhook]

  --project DIR  directory of a Node.js project to build; default: a small service that comes along
  --webhook      wait for a webhook, where the demo polls otherwise
  --help         show this text`;

/** Failures that are not the project's own. */
const OURS: ReadonlySet<string> = new Set([
  ErrorCode.internal,
  ErrorCode.stepCrashed,
  ErrorCode.executionStopped,
  ErrorCode.workspaceUnavailable,
]);

type Answer = JobView & { readonly files?: readonly FileLink[]; readonly will_callback?: boolean };

/**
 * Builds the project in `directory`.
 * @param byWebhook waits to be called back, where it would poll
 * @returns the exit code.
 */
async function demo(directory: string, byWebhook: boolean): Promise<number> {
  const project = basename(directory);
  const scratch = await mkdtemp(join(tmpdir(), 'demo-'));
  const assemblyDirectory = join(scratch, 'cdk.out');
  say('Synthesizing the stack');
  const log: string[] = [];
  const cloud = await startApp({
    ...SAMPLE_APP,
    assemblyDirectory,
    allowLoopbackWebhooks: byWebhook,
    onLog: (name, line) => log.push(`[${name}] ${line}`),
  });
  const client = new Client({ name: 'demo', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
  try {
    say(`Local cloud on ${cloud.url}`);
    Object.assign(process.env, cloud.environment);
    const key = await uploadProject(new S3Client(), cloud.outputs[BUCKET_OUTPUT] ?? '', directory, project);
    say(`Uploaded ${key}`);

    await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', cloud.url)));
    say(`Connected with MCP ${client.getNegotiatedProtocolVersion()}`);

    const job = byWebhook ? await buildAndBeCalled(client, cloud, project) : await build(client, project);
    return job.status === 'completed' ? await collect(job) : report(job, log);
  } finally {
    await client.close();
    await cloud.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

async function call(client: Client, name: string, args: Record<string, unknown>): Promise<Answer> {
  const { isError, structuredContent } = await client.callTool({ name, arguments: args });
  if (isError) {
    const { code, message } = (structuredContent as { error: { code: string; message: string } }).error;
    throw new Error(`${code}: ${message}`);
  }
  return structuredContent as unknown as Answer;
}

async function build(client: Client, project: string): Promise<Answer> {
  const { job_id, status } = await call(client, 'start_build', { project });
  say(`start_build → job ${job_id}, ${status}`);
  return follow(client, job_id);
}

/** Nothing asks for the job until the callback has arrived. */
async function buildAndBeCalled(client: Client, cloud: LocalCloud, project: string): Promise<Answer> {
  const receiver = await startDemoReceiver(cloud);
  try {
    say(`Receiver at ${receiver.url}, with a secret from POST /callback-secret`);
    const { job_id, will_callback } = await call(client, 'start_build', {
      project,
      callback_url: receiver.url,
    });
    say(`start_build → job ${job_id}, will_callback: ${will_callback}`);
    const { id, event } = await receiver.received;
    const lateMs = Date.now() - Date.parse(event.timestamp);
    say(`${event.type} arrived ${lateMs} ms after it happened, signature verified, webhook-id ${id}`);
    return await call(client, 'check_job', { job_id: event.data.job_id });
  } finally {
    receiver.close();
  }
}

async function follow(client: Client, job_id: string): Promise<Answer> {
  const bar = new ProgressBar();
  for (;;) {
    const job = await call(client, 'check_job', { job_id, wait_seconds: 1 });
    bar.draw(job);
    if (job.status !== 'pending' && job.status !== 'running') {
      bar.end();
      return job;
    }
  }
}

/** Fetches the artifact by the URL in the answer, checks it, and says what it holds. */
async function collect({ files = [], result }: Answer): Promise<number> {
  const artifact = files.find(({ name }) => name.endsWith('.tar.gz'));
  if (!artifact) throw new Error('The answer links no artifact.');
  const directory = resolve('.local', 'artifacts');
  await mkdir(directory, { recursive: true });
  const path = join(directory, artifact.name);

  const response = await fetch(artifact.url);
  if (!response.ok || !response.body)
    throw new Error(`Fetching the artifact was answered with ${response.status}.`);
  const hash = createHash('sha256');
  const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
  body.on('data', (chunk) => hash.update(chunk));
  await pipeline(body, createWriteStream(path));
  const sha256 = hash.digest('hex');
  if (sha256 !== artifact.sha256)
    throw new Error(`The artifact has sha256 ${sha256}, not ${artifact.sha256}.`);

  const entries: string[] = [];
  await list({ file: path, onReadEntry: (entry) => entries.push(entry.path) });
  const shown = entries.filter((entry) => !entry.includes('node_modules/'));
  const skipped = (result as { skipped?: readonly string[] }).skipped ?? [];
  say(`Built ${(result as { artifact: string }).artifact}`);
  console.log(`  file     ${relative(process.cwd(), path)}`);
  console.log(`  size     ${artifact.size} bytes`);
  console.log(`  sha256   ${sha256}`);
  console.log(`  entries  ${entries.length}, ${entries.length - shown.length} of them in node_modules`);
  for (const entry of shown.slice(0, 12)) console.log(`           ${entry}`);
  if (shown.length > 12) console.log(`           … and ${shown.length - 12} more`);
  if (skipped.length > 0) console.log(`  skipped  ${skipped.join(', ')}: the project has no such script`);
  return 0;
}

/** @param log what the functions logged: callers are not told what went wrong on our side, but here we are the operator. */
function report({ job_id, status, error, log_tail = [] }: Answer, log: readonly string[]): number {
  console.error(`Job ${job_id} ${status}${error?.step ? ` in step ${error.step}` : ''}.`);
  if (error) console.error(`  ${error.code}: ${error.message}`);
  for (const line of log_tail) console.error(`  │ ${line}`);
  if (!error || OURS.has(error.code)) for (const line of log.slice(-30)) console.error(`  ${line}`);
  return 1;
}

function say(sentence: string): void {
  console.log(`• ${sentence}`);
}

/** @returns the exit code */
export async function run(args: string[]): Promise<number> {
  try {
    const flag = { type: 'boolean', default: false } as const;
    const { values } = parseArgs({
      args,
      options: { project: { type: 'string' }, webhook: flag, help: flag },
    });
    if (!values.help) return await demo(resolve(values.project ?? SAMPLE_PROJECT), values.webhook);
    console.log(USAGE);
    return 0;
  } catch (error) {
    const isWrongOption = (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
    console.error(error instanceof Error ? error.message : error);
    if (isWrongOption) console.error(`\n${USAGE}`);
    return isWrongOption ? 2 : 1;
  }
}
