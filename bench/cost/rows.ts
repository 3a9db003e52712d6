/** Measures what builds, small jobs and waits cost, for the table of `npm run bench`. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Row, row } from '../measure.ts';
import { measureWorkloads, priceWorkload } from './workloads.ts';

const MILLION = 1_000_000;
const REGION = 'us-east-1';
/** US dollars a million. */
const LIMITS: Readonly<Record<string, number>> = { build: 3_600, 'small job': 72, wait: 300 };
/** Of builds, all but the time of the sandbox. Transitions are 100 of it, and requests to API Gateway 114: reports, polls and starts. */
const BESIDE_SANDBOX_LIMIT = 330;

/** @param scratch an existing directory */
export async function costRows(scratch: string): Promise<readonly Row[]> {
  const directory = join(scratch, 'cost');
  await mkdir(directory);
  const workloads = await measureWorkloads(directory);
  return workloads.flatMap((workload) => {
    const { name, words, usd, codeUsd } = priceWorkload(workload, REGION);
    const rows = [row(`cost of a million: ${words}`, usd * MILLION, 'US$', LIMITS[name])];
    if (name !== 'build') return rows;
    const beside = (usd - codeUsd) * MILLION;
    return [
      ...rows,
      row('cost of a million builds without the sandbox', beside, 'US$', BESIDE_SANDBOX_LIMIT),
    ];
  });
}
