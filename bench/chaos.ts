/** Runs `npm run chaos`: a thousand jobs, a receiver that fails 30 % of requests, and ten kills of functions. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startLocalCloud } from '../local/cloud.ts';
import { synthesizeSource } from '../test/support/synthesize-source.ts';
import { runChaos } from '../test/support/webhook-chaos.ts';

const { values } = parseArgs({
  options: { jobs: { type: 'string', default: '1000' }, kills: { type: 'string', default: '10' } },
});
const scratch = await mkdtemp(join(tmpdir(), 'chaos-'));
try {
  console.error('Synthesizing …');
  const assemblyDirectory = join(scratch, 'cdk.out');
  await synthesizeSource(assemblyDirectory, 'test/fixtures/app.ts');
  const cloud = await startLocalCloud({ assemblyDirectory, allowLoopbackWebhooks: true });
  try {
    console.error('Starting jobs, failing calls, killing functions …');
    const outcome = await runChaos(cloud, {
      jobs: Number(values.jobs),
      kills: Number(values.kills),
      failing: 0.3,
      limitMs: 600_000,
    });
    console.log(JSON.stringify(outcome, null, 2));
    const { withGaps, deadLetters, contradictions } = outcome;
    process.exitCode = withGaps.length + deadLetters + contradictions > 0 ? 1 : 0;
  } finally {
    await cloud.close();
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
