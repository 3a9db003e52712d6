/** Runs `npm run rehearse`: starts an independent implementation of AWS, and deploys and uses the service there. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startMinistack } from './ministack.ts';
import { endPrograms, runAttached } from './programs.ts';
import { EnvironmentUnavailable, pythonEnvironment } from './python-environment.ts';

const CACHE = resolve('node_modules/.cache/rehearsal');
const PYTHON_PACKAGES = {
  requirements: fileURLToPath(new URL('./python/requirements.txt', import.meta.url)),
  oldest: [3, 11],
  packages: 'ministack, moto, cfn-lint and the AWS CLI',
} as const;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => endPrograms().then(() => process.exit(1)));

async function main(): Promise<number> {
  await mkdir(CACHE, { recursive: true });
  const python = await pythonEnvironment(CACHE, PYTHON_PACKAGES);
  const directory = await mkdtemp(join(CACHE, 'run-'));
  const ministack = await startMinistack(python, directory);
  // For the tutorial's app: Node runs no TypeScript below node_modules.
  const home = await mkdtemp(join(tmpdir(), 'rehearsal-'));
  // A program of its own: Node reads the additional certificate authority only when it starts.
  const status = await runAttached(
    process.execPath,
    [
      '--conditions=mcp-async-operations-source',
      fileURLToPath(new URL('./rehearsal.ts', import.meta.url)),
      python,
      directory,
      home,
    ],
    { env: ministack.environment },
  );
  await ministack.stop();
  if (status === 0) {
    for (const folder of [directory, home]) await rm(folder, { recursive: true, force: true });
  } else {
    console.log(`The logs are in ${directory}, the app of the tutorial and its outputs in ${home}.`);
  }
  return status;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof EnvironmentUnavailable)) throw error;
  console.log(`The rehearsal did not run. ${error.message}`);
}
