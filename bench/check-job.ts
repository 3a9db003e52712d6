/** Measures check_job calls a second: through the endpoint, and on a server with a map in memory. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { BenchClient } from './client.ts';
import { CloudProcess } from './cloud-process.ts';
import { median, type Row, row } from './measure.ts';

const ROUNDS = 5;
const ROUND_MS = 1_500;
const CALLERS = 4;
/**
 * The map relative to the endpoint. With two cores, an endpoint whose services cost nothing would reach 3: the function itself takes
 * 2 ms of CPU, for the protocol, the checks of its types and the AWS SDK.
 */
const RATIO_LIMIT = 5;

/** Each server has a process of its own. @param assembly directory of an assembly whose callers need no token */
export async function checkJobRate(assembly: string): Promise<readonly Row[]> {
  const running = await CloudProcess.start(assembly);
  const endpoint = await BenchClient.connect(new URL('/mcp', running.cloud.url));
  const { job_id } = await endpoint.call('start_echo', { text: 'x', wait_seconds: 30 });

  const entry = fileURLToPath(new URL('in-memory-server.ts', import.meta.url));
  const server = spawn(process.execPath, [entry, job_id], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [url] = await once(createInterface(server.stdout), 'line');
  const baseline = await BenchClient.connect(new URL(url));
  try {
    const rates: { endpoint: number; baseline: number }[] = [];
    // The first calls start and compile the function.
    await rate(endpoint, job_id);
    await rate(baseline, job_id);
    for (let round = 0; round < ROUNDS; round++) {
      rates.push({ endpoint: await rate(endpoint, job_id), baseline: await rate(baseline, job_id) });
    }
    return [
      row('check_job through the endpoint', median(rates.map((r) => r.endpoint)), 'calls/s'),
      row('check_job from a map in memory', median(rates.map((r) => r.baseline)), 'calls/s'),
      row('endpoint relative to the map', median(rates.map((r) => r.endpoint / r.baseline)), '×'),
      row(
        'map relative to the endpoint',
        median(rates.map((r) => r.baseline / r.endpoint)),
        '×',
        RATIO_LIMIT,
      ),
    ];
  } finally {
    await Promise.all([endpoint.close(), baseline.close()]);
    server.kill();
    await running.close();
  }
}

/** Returns calls a second of `CALLERS` concurrent callers, measured over `ROUND_MS`. */
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
