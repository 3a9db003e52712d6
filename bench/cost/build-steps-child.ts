/** Runs the steps of one build in this process, for `build-steps.ts`, which limits its CPU. */
import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { Bench, type StepName } from '../../test/operations/build/bench.ts';

/** What this process sends when a step begins, and when it ends. */
export type StepMessage = { readonly begins: StepName } | { readonly ended: StepName; readonly ms: number };

const STEPS = ['install', 'compile', 'test', 'package'] as const;
const PROJECT = 'sample';

/** @param losesMachine whether each step begins on a machine without the files of the steps before */
async function main(archive: string, losesMachine: boolean): Promise<void> {
  const bench = await Bench.create();
  try {
    await bench.addProject(PROJECT, {});
    await bench.putSource(PROJECT, await readFile(archive));
    const job = bench.job(PROJECT);
    for (const step of STEPS) {
      if (losesMachine && step !== 'install') await job.loseMachine();
      send({ begins: step });
      const beganMs = performance.now();
      await job.step(step).catch((error) => {
        throw new Error(`Step ${step} failed: ${error.message}\n${job.log}`);
      });
      send({ ended: step, ms: performance.now() - beganMs });
    }
  } finally {
    await bench.remove();
    process.disconnect();
  }
}

function send(message: StepMessage): void {
  process.send?.(message);
}

// It begins when its CPU is limited.
process.once('message', () => main(process.argv[2] ?? '', process.argv[3] === 'lose'));
