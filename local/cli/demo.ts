/** Runs `npm run demo`: an MCP client builds a project on the local cloud, from its source to its artifact. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
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
import { browserCommand, openBrowser } from './open-browser.ts';
import { requireManifest } from './pack-project.ts';
import { ProgressBar } from './progress-bar.ts';
import { type ProjectName, projectNameOf } from './project-name.ts';
import { SAMPLE_APP, SAMPLE_PROJECT } from './samples.ts';
import { BUCKET_OUTPUT, uploadProject } from './upload-project.ts';

export const USAGE = `Usage: mcp-async-operations demo [--project DIR] [--name NAME] [--webhook] [--open]

  --project DIR  directory of a Node.js project to build; default: a small sample service
  --name NAME    name of the project; default: derived from the directory's name
  --webhook      wait for a webhook instead of polling
  --open         show the job in the console, in your browser, until Ctrl-C
  --help         show this text`;

/** Failures that the project did not cause. */
const SERVICE_ERRORS: ReadonlySet<string> = new Set([
  ErrorCode.internal,
  ErrorCode.stepCrashed,
  ErrorCode.executionStopped,
  ErrorCode.workspaceUnavailable,
]);

type JobResult = JobView & { readonly files?: readonly FileLink[]; readonly will_callback?: boolean };

/** The progress bar shows the step, and the result is downloaded. */
const ALL = { include: ['links', 'details'] };

interface DemoOptions {
  /** Directory of the project. */
  readonly directory: string;
  readonly project: ProjectName;
  /** Waits for a webhook instead of polling. */
  readonly byWebhook: boolean;
  /** Opens the console on the job, and keeps the cloud until Ctrl-C. */
  readonly open: boolean;
}

/** Builds the project in the directory. @returns the exit code */
async function demo({
  directory,
  project: { name: project },
  byWebhook,
  open,
}: DemoOptions): Promise<number> {
  requireManifest(directory);
  const scratch = await mkdtemp(join(tmpdir(), 'demo-'));
  const assemblyDirectory = join(scratch, 'cdk.out');
  print('Synthesizing the stack');
  const log: string[] = [];
  const cloud = await startApp({
    ...SAMPLE_APP,
    assemblyDirectory,
    allowLoopbackWebhooks: byWebhook,
    onLog: (name, line) => log.push(`[${name}] ${line}`),
  });
  const client = new Client({ name: 'demo', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
  try {
    print(`Local cloud on ${cloud.url}`);
    Object.assign(process.env, cloud.environment);
    const bucket = cloud.outputs[BUCKET_OUTPUT] ?? '';
    const key = await uploadProject(new S3Client(), bucket, directory, project, print);
    print(`Uploaded ${key}`);

    await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', cloud.url)));
    print(`Connected with MCP ${client.getNegotiatedProtocolVersion()}`);

    const onStarted = (jobId: string) => showConsole(consoleUrl(cloud, jobId), open);
    const job = byWebhook
      ? await buildWithWebhook(client, cloud, project, onStarted)
      : await build(client, project, onStarted);
    const code = job.status === 'completed' ? await downloadArtifact(job) : reportFailure(job, log);
    if (open) {
      print(`The console shows the job until you press Ctrl-C: ${consoleUrl(cloud, job.job_id)}`);
      await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    } else print('See its timeline, log and files in the console: npm run demo -- --open');
    return code;
  } finally {
    await client.close();
    await cloud.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

/** @returns the URL of a job's page in the console */
export function consoleUrl({ url }: Pick<LocalCloud, 'url'>, jobId: string): string {
  return new URL(`/console#/jobs/${jobId}`, url).href;
}

function showConsole(url: string, open: boolean): void {
  print(`Console: ${url}`);
  if (open) openBrowser(browserCommand(url), () => print('No browser could be started: open this URL.'));
}

async function call(client: Client, name: string, args: Record<string, unknown>): Promise<JobResult> {
  const { isError, structuredContent } = await client.callTool({ name, arguments: args });
  if (isError) {
    const { code, message } = (structuredContent as { error: { code: string; message: string } }).error;
    throw new Error(`${code}: ${message}`);
  }
  return structuredContent as unknown as JobResult;
}

async function build(
  client: Client,
  project: string,
  onStarted: (jobId: string) => void,
): Promise<JobResult> {
  const { job_id, status } = await call(client, 'start_build', { project });
  print(`start_build → job ${job_id}, ${status}`);
  onStarted(job_id);
  return pollJob(client, job_id);
}

/** Sends no request about the job until the webhook arrives. */
async function buildWithWebhook(
  client: Client,
  cloud: LocalCloud,
  project: string,
  onStarted: (jobId: string) => void,
): Promise<JobResult> {
  const receiver = await startDemoReceiver(cloud);
  try {
    print(`Receiver at ${receiver.url}, with a secret from POST /callback-secret`);
    const { job_id, will_callback } = await call(client, 'start_build', {
      project,
      job_options: { callback_url: receiver.url },
    });
    print(`start_build → job ${job_id}, will_callback: ${will_callback}`);
    onStarted(job_id);
    const { id, event } = await receiver.received;
    const lateMs = Date.now() - Date.parse(event.timestamp);
    print(`${event.type} arrived ${lateMs} ms after it happened, signature verified, webhook-id ${id}`);
    return await call(client, 'check_job', { job_id: event.data.job_id, ...ALL });
  } finally {
    receiver.close();
  }
}

async function pollJob(client: Client, job_id: string): Promise<JobResult> {
  const bar = new ProgressBar();
  for (;;) {
    const job = await call(client, 'check_job', { job_id, wait_seconds: 1, ...ALL });
    bar.draw(job);
    if (job.status !== 'pending' && job.status !== 'running') {
      bar.end();
      return job;
    }
  }
}

/** Downloads the artifact from the URL in the result, verifies its hash, and prints its contents. */
async function downloadArtifact({ files = [], result }: JobResult): Promise<number> {
  const artifact = files.find(({ name }) => name.endsWith('.tar.gz'));
  if (!artifact)
    throw new Error('The result contains no artifact link. Check the logs of the build operation.');
  const directory = resolve('.local', 'artifacts');
  await mkdir(directory, { recursive: true });
  const path = join(directory, artifact.name);

  const response = await fetch(artifact.url);
  if (!response.ok || !response.body)
    throw new Error(`Downloading the artifact failed with status ${response.status}. Run the demo again.`);
  const hash = createHash('sha256');
  const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
  body.on('data', (chunk) => hash.update(chunk));
  await pipeline(body, createWriteStream(path));
  const sha256 = hash.digest('hex');
  if (sha256 !== artifact.sha256)
    throw new Error(`The artifact has sha256 ${sha256}, expected ${artifact.sha256}. Run the demo again.`);

  const entries: string[] = [];
  await list({ file: path, onReadEntry: (entry) => entries.push(entry.path) });
  const shown = entries.filter((entry) => !entry.includes('node_modules/'));
  const skipped = (result as { skipped?: readonly string[] }).skipped ?? [];
  print(`Built ${(result as { artifact: string }).artifact}`);
  console.log(`  file     ${relative(process.cwd(), path)}`);
  console.log(`  size     ${artifact.size} bytes`);
  console.log(`  sha256   ${sha256}`);
  console.log(`  entries  ${entries.length}, ${entries.length - shown.length} of them in node_modules`);
  for (const entry of shown.slice(0, 12)) console.log(`           ${entry}`);
  if (shown.length > 12) console.log(`           … and ${shown.length - 12} more`);
  if (skipped.length > 0) console.log(`  skipped  ${skipped.join(', ')}: the project has no such script`);
  return 0;
}

/** @param log lines of the functions. Responses do not contain internal errors, but the demo's user is also the operator. */
function reportFailure({ job_id, status, error, log_tail = [] }: JobResult, log: readonly string[]): number {
  console.error(`Job ${job_id} ${status}${error?.step ? ` in step ${error.step}` : ''}.`);
  if (error) console.error(`  ${error.code}: ${error.message}`);
  for (const line of log_tail) console.error(`  │ ${line}`);
  if (!error || SERVICE_ERRORS.has(error.code)) for (const line of log.slice(-30)) console.error(`  ${line}`);
  return 1;
}

function print(sentence: string): void {
  console.log(`• ${sentence}`);
}

/** @returns undefined for --help. @throws Error naming the option */
export function readOptions(args: string[]): DemoOptions | undefined {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args,
    options: { project: { type: 'string' }, name: { type: 'string' }, webhook: flag, open: flag, help: flag },
  });
  if (values.help) return undefined;
  const directory = resolve(values.project ?? SAMPLE_PROJECT);
  const project = projectNameOf(directory, values.name);
  return { directory, project, byWebhook: values.webhook, open: values.open };
}

/** @returns the exit code */
export async function run(options: DemoOptions): Promise<number> {
  if (options.project.notice) print(options.project.notice);
  try {
    return await demo(options);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  }
}
