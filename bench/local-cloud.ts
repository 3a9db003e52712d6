/** Measures the local cloud: the time until it is ready, its memory with all functions, and its growth over 2,000 jobs. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { BenchClient } from './client.ts';
import { CloudProcess } from './cloud-process.ts';
import { functionsOf } from './cold-start.ts';
import { median, type Row, row } from './measure.ts';
import { refuseReports } from './refuse-reports.ts';

const run = promisify(execFile);
const SOURCE = '--conditions=mcp-async-operations-source';
const ROUNDS = 3;
const READY_RATIO_LIMIT = 8;
const MEMORY_LIMIT_MB = 800;
const JOBS = 2_000;
const WARM_UP_JOBS = 500;
const CALLERS = 4;
/** Objects that a job leaves behind would add up to more: 1,500 jobs of 10 KB. */
const HEAP_GROWTH_LIMIT_MB = 10;
/** Of the whole process: on a busy machine, functions get more instances, and the heap of each grows to its plateau. */
const MEMORY_GROWTH_LIMIT_MB = 150;

/**
 * @param app directory of the app's assembly, for the memory of its functions
 * @param test directory of the test app's assembly, whose callers need no token
 */
export async function localCloud(app: string, test: string, scratch: string): Promise<readonly Row[]> {
  return [...(await readyTime(scratch)), ...(await memoryOfFunctions(app)), ...(await growth(test))];
}

/** Runs `npm start` without npm, and what it cannot do without. The first round makes the synthesis warm. */
async function readyTime(scratch: string): Promise<readonly Row[]> {
  const samples: { readyMs: number; librariesMs: number }[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const readyMs = await timed(() => startUntilReady(scratch));
    const librariesMs = await timed(() => run(process.execPath, ['-e', LIBRARIES], { cwd: ROOT }));
    if (round > 0) samples.push({ readyMs, librariesMs });
  }
  return [
    row(
      'local cloud: ready, with a warm synthesis',
      median(samples.map(({ readyMs }) => readyMs)) / 1000,
      's',
    ),
    row(
      'local cloud: ready, relative to loading the CDK, dynalite and fauxqs',
      median(samples.map(({ readyMs, librariesMs }) => readyMs / librariesMs)),
      '×',
      READY_RATIO_LIMIT,
    ),
  ];
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** One after the other: the local cloud loads them in two processes. */
const LIBRARIES = `
  const { App, Stack, aws_lambda, aws_apigateway, aws_stepfunctions, aws_dynamodb } = require('aws-cdk-lib');
  new Stack(new App(), 'Stack');
  require('dynalite')({ createTableMs: 0 });
  import('fauxqs').then(({ startFauxqs }) => startFauxqs({ port: 0, logger: false })).then((server) => server.stop());
`;

async function startUntilReady(scratch: string): Promise<void> {
  const child = spawn(process.execPath, [SOURCE, 'local/cli/bin.ts', 'dev', '--ephemeral'], {
    cwd: ROOT,
    env: { ...process.env, PORT: '0', LOCAL_CLOUD_DIR: join(scratch, 'dev') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith('MCP endpoint:')) return;
    }
    throw new Error('The local cloud ended before it was ready.');
  } finally {
    child.kill('SIGINT');
    await ended;
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

/** Calls each function once, with the event of its cold start. */
async function memoryOfFunctions(app: string): Promise<readonly Row[]> {
  const running = await CloudProcess.start(app);
  const { environment } = running.cloud;
  const lambda = new LambdaClient({
    endpoint: environment.AWS_ENDPOINT_URL_LAMBDA,
    region: environment.AWS_REGION,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const reports = await refuseReports();
  try {
    const functions = await functionsOf(app, reports.url);
    for (const { functionName, event, isolatesTenants } of functions) {
      const TenantId = isolatesTenants ? 'bench' : undefined;
      await lambda.send(
        new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(event), TenantId }),
      );
    }
    const { resident } = await running.memory();
    return [
      row(`local cloud: memory with ${functions.length} functions loaded`, resident, 'MB', MEMORY_LIMIT_MB),
    ];
  } finally {
    lambda.destroy();
    reports.close();
    await running.close();
  }
}

async function growth(test: string): Promise<readonly Row[]> {
  const running = await CloudProcess.start(test);
  const client = await BenchClient.connect(new URL('/mcp', running.cloud.url));
  const runJobs = async (count: number) => {
    let left = count;
    const caller = async () => {
      while (left-- > 0) await client.call('start_echo', { text: 'x', wait_seconds: 30 });
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
  };
  try {
    await runJobs(WARM_UP_JOBS);
    const before = await running.memory();
    await runJobs(JOBS - WARM_UP_JOBS);
    const after = await running.memory();
    const grown = `growth from ${WARM_UP_JOBS} to ${JOBS} jobs`;
    return [
      row(`local cloud: memory after ${JOBS} jobs`, after.resident, 'MB'),
      row(`local cloud: ${grown}`, after.resident - before.resident, 'MB', MEMORY_GROWTH_LIMIT_MB),
      row(`local cloud: ${grown}, objects in use`, after.heap - before.heap, 'MB', HEAP_GROWTH_LIMIT_MB),
    ];
  } finally {
    await client.close();
    await running.close();
  }
}
