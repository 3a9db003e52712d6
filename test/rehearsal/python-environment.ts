/** Creates the Python environment of the rehearsal below node_modules, from locked packages. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from './programs.ts';

const REQUIREMENTS = fileURLToPath(new URL('./python/requirements.txt', import.meta.url));
const COMMANDS = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python'];
const OLDEST = [3, 11] as const;

/** The rehearsal cannot run on this machine. This is not a fault of the project. */
export class EnvironmentUnavailable extends Error {}

/**
 * Creates the environment, or returns that of an earlier run with the same packages.
 * @param directory the cache
 * @returns path of the Python that has the packages
 * @throws EnvironmentUnavailable without Python 3.11 or newer, or when pip cannot install the packages
 */
export async function pythonEnvironment(directory: string): Promise<string> {
  const { command, version } = await findPython();
  const hash = createHash('sha256')
    .update(await readFile(REQUIREMENTS))
    .update(version);
  const environment = join(directory, `python-${hash.digest('hex').slice(0, 12)}`);
  const python = join(environment, 'bin', 'python');
  const complete = join(environment, 'complete');
  if (existsSync(complete)) return python;
  console.log(`Installing ministack, moto and cfn-lint for Python ${version} …`);
  await rm(environment, { recursive: true, force: true });
  try {
    await runProgram(command, ['-m', 'venv', environment], { env: process.env });
    const options = [
      '--no-deps',
      // Python compiles the few modules that it uses.
      '--no-compile',
      '--only-binary=:all:',
      '--no-input',
      '--disable-pip-version-check',
      '--quiet',
    ];
    await runProgram(python, ['-m', 'pip', 'install', ...options, '-r', REQUIREMENTS], { env: process.env });
  } catch (error) {
    throw new EnvironmentUnavailable(`The Python packages cannot be installed: ${(error as Error).message}`);
  }
  await writeFile(complete, '');
  return python;
}

async function findPython(): Promise<{ readonly command: string; readonly version: string }> {
  const print = 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])';
  for (const command of COMMANDS) {
    const output = await runProgram(command, ['-c', print], { env: process.env }).catch(() => '');
    const version = output.trim();
    const [major = 0, minor = 0] = version.split('.').map(Number);
    if (major === OLDEST[0] && minor >= OLDEST[1]) return { command, version };
  }
  throw new EnvironmentUnavailable(
    `There is no Python ${OLDEST.join('.')} or newer with venv and pip: install one to run the rehearsal.`,
  );
}
