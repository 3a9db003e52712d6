/** Runs `npm run chaos`: thousands of jobs through kills, throttles, duplicates and failing receivers. Exits 1 when a promise breaks. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { synthesizeSource } from '../support/synthesize-source.ts';
import { runChaos } from './run-chaos.ts';

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
  },
});
const jobs = Number(values.jobs);
const seed = Number(values.seed);
const MOST_SHOWN = 20;
/** Longer than the reconciler needs to find a job that its caller has left. */
const PATIENCE_MS = 7 * 60_000;

const scratch = await mkdtemp(join(tmpdir(), 'chaos-'));
try {
  console.log('Synthesizing …');
  const assemblyDirectory = join(scratch, 'cdk.out');
  await synthesizeSource(assemblyDirectory, 'test/fixtures/app.ts');
  const { broken, figures } = await runChaos({
    jobs,
    burst: Math.min(jobs, Math.max(100, Math.round(jobs / 10))),
    inFlight: 100,
    seed,
    failing: 0.3,
    throttled: 0.05,
    killed: 0.01,
    hiddenSeconds: 30,
    abandons: true,
    patienceMs: PATIENCE_MS,
    assemblyDirectory,
    onProgress: (line) => console.log(line),
  });
  console.log(JSON.stringify(figures, null, 2));
  for (const [promise, cases] of Object.entries(broken)) {
    console.log(`\nBroken: ${promise}, ${cases.length} times`);
    for (const one of cases.slice(0, MOST_SHOWN)) console.log(`  ${one}`);
  }
  const isKept = Object.keys(broken).length === 0;
  console.log(
    isKept
      ? `Every promise was kept. Repeat it with --jobs ${jobs} --seed ${seed}.`
      : `Repeat it with --jobs ${jobs} --seed ${seed}.`,
  );
  process.exitCode = isKept ? 0 : 1;
} finally {
  await rm(scratch, { recursive: true, force: true });
}
