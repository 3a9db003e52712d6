/** Runs the official conformance suite against a server, and reads what it found. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The revisions whose server scenarios are run; with that of 2026 come those of the tasks extension. */
export const REVISIONS = ['2025-11-25', '2026-07-28'] as const;
export type Revision = (typeof REVISIONS)[number];

export interface ScenarioResult {
  readonly revision: Revision;
  readonly scenario: string;
  readonly passed: number;
  readonly failures: readonly string[];
  readonly skipped: number;
}

interface Check {
  readonly id: string;
  readonly status: 'SUCCESS' | 'FAILURE' | 'SKIPPED' | 'WARNING' | 'INFO';
  readonly errorMessage?: string;
}

const SUITE = fileURLToPath(import.meta.resolve('@modelcontextprotocol/conformance/dist/index.js'));

/** Runs one scenario, or all that the suite has for a revision, those that it does not score included. */
export async function runSuite(
  url: string,
  revision: Revision,
  scenario?: string,
): Promise<readonly ScenarioResult[]> {
  const directory = await mkdtemp(join(tmpdir(), 'conformance-'));
  const selected = scenario
    ? ['--spec-version', revision, '--scenario', scenario]
    : ['--requirements', revision];
  try {
    // It exits 1 when anything has failed: what has, is in its files.
    await new Promise((resolve) =>
      execFile(
        process.execPath,
        [SUITE, 'server', '--url', url, '--output-dir', directory, ...selected],
        resolve,
      ),
    );
    return await Promise.all(
      (await readdir(directory)).sort().map(async (name): Promise<ScenarioResult> => {
        const [, scenario = name] = /^server-(.*)-\d{4}-\d\d-\d\dT/.exec(name) ?? [];
        const checks: Check[] = JSON.parse(await readFile(join(directory, name, 'checks.json'), 'utf8'));
        const count = (status: Check['status']) => checks.filter((check) => check.status === status).length;
        const failed = checks.filter(({ status }) => status === 'FAILURE');
        return {
          revision,
          scenario,
          passed: count('SUCCESS'),
          failures: failed.map(({ id, errorMessage = '' }) => `${id}: ${errorMessage}`),
          skipped: count('SKIPPED'),
        };
      }),
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
