/** How many times a second a client can ask for a job: through the endpoint, and beside it from a map in memory. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LocalCloud } from '../local/cloud.ts';
import { BenchClient } from './client.ts';
import { median, type Row, row } from './measure.ts';

const ROUNDS = 5;
const ROUND_MS = 1_500;
const CALLERS = 4;

export async function checkJobRate(cloud: LocalCloud): Promise<readonly Row[]> {
  const ours = await BenchClient.connect(new URL('/mcp', cloud.url));
  const { job_id } = await ours.call('start_echo', { text: 'x', wait_seconds: 30 });

  const entry = fileURLToPath(new URL('in-memory-server.ts', import.meta.url));
  const server = spawn(process.execPath, [entry, job_id], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [url] = await once(createInterface(server.stdout), 'line');
  const theirs = await BenchClient.connect(new URL(url));
  try {
    const rates: { ours: number; theirs: number }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      rates.push({ ours: await rate(ours, job_id), theirs: await rate(theirs, job_id) });
    }
    return [
      row('check_job through the endpoint', median(rates.map((r) => r.ours)), 'calls/s'),
      row('check_job from a map in memory', median(rates.map((r) => r.theirs)), 'calls/s'),
      row('the endpoint beside the map', median(rates.map((r) => r.ours / r.theirs)), '×'),
    ];
  } finally {
    await Promise.all([ours.close(), theirs.close()]);
    server.kill();
  }
}

/** Calls a second, with a few callers at once, for a while. */
async function rate(client: BenchClient, job_id: string): Promise<number> {
  const start = performance.now();
  let calls = 0;
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      while (performance.now() - start < ROUND_MS) {
        await client.call('check_job', { job_id });
        calls++;
      }
    }),
  );
  return calls / ((performance.now() - start) / 1000);
}
