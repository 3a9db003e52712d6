/**
 * Measures what a call that waits costs, and what the small memory of its function does to starts: the time of a first call and of
 * later ones under the quota that the memory buys, relative to a whole CPU.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MAX_VALUES } from '../lambdas/mcp/has-many-values.ts';
import { pricesOf } from '../lambdas/receipt/prices.ts';
import type { LocalCloud } from '../local/cloud.ts';
import { CpuQuota, FULL_CPU_MB } from './cpu-quota.ts';
import type { FromFunction } from './function-child.ts';
import { type DeployedFunction, FunctionProcess, functionOf } from './function-process.ts';
import { median, percentile, type Row, row } from './measure.ts';
import { toolCallEvent } from './tool-call-event.ts';

/** The wait that `tools/list` calls safe. */
const WAIT_SECONDS = 20;
const ROUNDS = 5;
const CALLS = 30;
/** Between two calls of one client, so that a call does not pay for the one before. */
const PAUSE_MS = 50;

/** Of a thousand minutes: $0.0003 a minute. */
const COST_LIMIT = 0.3;
const READS_LIMIT = 72;
/** A first call under the quota takes this many times that of a whole CPU, with the time before it. */
const COLD_LIMIT = 1.5;
const WARM_LIMIT = 1.6;
/** The rest is for Lambda's runtime. */
const MEMORY_SHARE = 0.8;
const LARGEST_BYTES = 4_000_000;
/** The values of a request beside those of its longest list. */
const OTHER_VALUES = 50;

/** @param assembly directory of the assembly that the cloud runs */
export async function waiting(assembly: string, cloud: LocalCloud): Promise<readonly Row[]> {
  const entry = fileURLToPath(new URL('aws-stand-in.ts', import.meta.url));
  const server = spawn(process.execPath, [entry], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(server, 'exit');
  const quota = await CpuQuota.create();
  try {
    // A whole CPU of its own, also on a busy machine.
    if (server.pid !== undefined) await quota?.add(server.pid);
    const [url] = await once(createInterface(server.stdout), 'line');
    const names = Object.keys(cloud.environment).filter((name) => name.startsWith('AWS_ENDPOINT_URL_'));
    const environment = { ...cloud.environment, ...Object.fromEntries(names.map((name) => [name, url])) };
    const deployed = await functionOf(assembly, 'Serves MCP', { ...cloud, environment });
    const costs = await measureCost(deployed, url);
    if (quota) return [...costs, ...(await measureStarts(deployed))];
    console.error('No times of the mcp function: only an administrator of Linux may set a CPU quota.');
    return costs;
  } finally {
    server.kill();
    await exited;
    await quota?.close();
  }
}

async function measureCost(deployed: DeployedFunction, url: string): Promise<readonly Row[]> {
  const countOf = async (...actions: readonly string[]) => {
    const counts = (await (await fetch(url)).json()) as Readonly<Record<string, number>>;
    return actions.reduce((sum, action) => sum + (counts[action] ?? 0), 0);
  };
  const reads = () => countOf('GetItem', 'Query');
  const writes = () => countOf('PutItem', 'UpdateItem');
  const instance = await FunctionProcess.start(deployed);
  try {
    await instance.initialize(deployed);
    // Nobody runs the job: it stays as it is.
    const job_id = await startOf(instance);
    const before = [await reads(), await writes()] as const;
    const { ms } = await instance.call(toolCallEvent('check_job', { job_id, wait_seconds: WAIT_SECONDS }));
    if (ms < WAIT_SECONDS * 1_000) throw new Error(`A wait of ${WAIT_SECONDS} s took ${ms} ms.`);
    const perMinute = 60 / WAIT_SECONDS;
    const [read, written] = [
      ((await reads()) - before[0]) * perMinute,
      ((await writes()) - before[1]) * perMinute,
    ];
    const { memoryMb } = deployed;
    const { prices } = pricesOf('us-east-1');
    const usd =
      (memoryMb / 1_024) * 60 * prices.lambdaGbSecond +
      read * prices.readUnit +
      written * prices.writeUnit +
      perMinute * (prices.apiRequest + prices.lambdaRequest);
    return [
      row('wait: memory of the mcp function', memoryMb, 'MB'),
      row('wait: reads of the tables in a minute', read, 'reads', READS_LIMIT),
      row('wait: writes of the tables in a minute', written, 'writes'),
      row(`wait: a thousand minutes, in calls of ${WAIT_SECONDS} s`, usd * 1_000, '$', COST_LIMIT),
    ];
  } finally {
    await instance.close();
  }
}

async function startOf(instance: FunctionProcess): Promise<string> {
  return jobOf(await instance.call(toolCallEvent('start_echo', { text: 'x' })));
}

function jobOf({ body }: FromFunction): string {
  return JSON.parse(body).result.structuredContent.job_id;
}

async function measureStarts(deployed: DeployedFunction): Promise<readonly Row[]> {
  const samples: { small: Times; whole: Times }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const small = await measureOne(deployed);
    samples.push({ small, whole: await measureOne({ ...deployed, memoryMb: FULL_CPU_MB }) });
  }
  const ms = (name: keyof Times) => median(samples.map(({ small }) => small[name]));
  const ratio = (name: keyof Times) => median(samples.map(({ small, whole }) => small[name] / whole[name]));
  return [
    row('mcp: init and first start, with the CPU of its memory', ms('coldMs'), 'ms'),
    row('mcp: the same, relative to a whole CPU', ratio('coldMs'), '×', COLD_LIMIT),
    row('mcp: warm start, p50', ms('startMs'), 'ms'),
    row('mcp: warm start, p95', ms('start95Ms'), 'ms'),
    row('mcp: warm start, p50, relative to a whole CPU', ratio('startMs'), '×', WARM_LIMIT),
    row('mcp: warm poll, p50', ms('pollMs'), 'ms'),
    row('mcp: warm poll, p95', ms('poll95Ms'), 'ms'),
    row('mcp: warm poll, p50, relative to a whole CPU', ratio('pollMs'), '×', WARM_LIMIT),
    row('mcp: largest memory, with requests of 4 MB', ms('peakMb'), 'MB', deployed.memoryMb * MEMORY_SHARE),
  ];
}

interface Times {
  readonly coldMs: number;
  readonly startMs: number;
  readonly start95Ms: number;
  readonly pollMs: number;
  readonly poll95Ms: number;
  readonly peakMb: number;
}

async function measureOne(deployed: DeployedFunction): Promise<Times> {
  const instance = await FunctionProcess.start(deployed);
  try {
    const start = toolCallEvent('start_echo', { text: 'x' });
    const init = await instance.initialize(deployed);
    const first = await instance.call(start);
    const starts = await repeat(instance, start);
    const polls = await repeat(instance, toolCallEvent('check_job', { job_id: jobOf(first) }));
    await instance.call(toolCallEvent('start_echo', { text: 'x'.repeat(LARGEST_BYTES) }));
    // Zod makes an issue for each value. The second call finds the memory of the first in use.
    const invalid = toolCallEvent('start_echo', {
      text: 'x',
      job_options: { callback_events: invalidValues() },
    });
    await instance.call(invalid);
    const { peakMb } = await instance.call(invalid);
    return {
      coldMs: init.ms + first.ms,
      startMs: median(starts),
      start95Ms: percentile(starts, 0.95),
      pollMs: median(polls),
      poll95Ms: percentile(polls, 0.95),
      peakMb,
    };
  } finally {
    await instance.close();
  }
}

/** Returns as many different texts as a request may have, of as many bytes. */
function invalidValues(): readonly string[] {
  const length = MAX_VALUES - OTHER_VALUES;
  const characters = Math.floor(LARGEST_BYTES / length) - '"",'.length;
  return Array.from({ length }, (_, index) => String(index).padEnd(characters, 'x'));
}

async function repeat(instance: FunctionProcess, event: unknown): Promise<readonly number[]> {
  const times: number[] = [];
  for (let call = 0; call < CALLS; call++) {
    times.push((await instance.call(event)).ms);
    await delay(PAUSE_MS);
  }
  return times;
}
