/** Measures a burst of jobs: how many complete, and the time from start to end of each. */
import type { LocalCloud } from '../local/cloud.ts';
import { BenchClient, type JobResult } from './client.ts';
import { percentile, type Row, row } from './measure.ts';

const JOBS = 200;

export async function burst(cloud: LocalCloud): Promise<readonly Row[]> {
  const client = await BenchClient.connect(new URL('/mcp', cloud.url));
  const started = await Promise.all(
    Array.from({ length: JOBS }, (_, index) => client.call('start_echo', { text: `${index}` })),
  );
  const ended: JobResult[] = [];
  for (const { job_id } of started) {
    const check = { job_id, wait_seconds: 30, include: ['details'] };
    let job = await client.call('check_job', check);
    while (!job.ended_at) job = await client.call('check_job', check);
    ended.push(job);
  }
  const rssMb = process.memoryUsage().rss / 1_000_000;
  await client.close();
  const durations = ended.map((job) => Date.parse(job.ended_at ?? '') - Date.parse(job.created_at));
  return [
    row(
      `${JOBS} jobs at once: completed`,
      ended.filter(({ status }) => status === 'completed').length,
      'jobs',
    ),
    row(`${JOBS} jobs at once: start to end, p50`, percentile(durations, 0.5), 'ms'),
    row(`${JOBS} jobs at once: start to end, p99`, percentile(durations, 0.99), 'ms'),
    row('memory of the local cloud and its functions', rssMb, 'MB'),
  ];
}
