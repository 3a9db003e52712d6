/** Creates Python environments below node_modules, from locked packages. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from './programs.ts';

const COMMANDS = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python'];

export interface PythonPackages {
  /** File that locks the packages. */
  readonly requirements: string;
  /** Oldest Python that they take. */
  readonly oldest: readonly [major: number, minor: number];
  /** Their names, for a message. */
  readonly packages: string;
}

/** A part cannot run on this machine. This is not a fault of the project. */
export class EnvironmentUnavailable extends Error {}

/**
 * Creates the environment, or returns that of an earlier run with the same packages.
 * @param directory the cache
 * @returns path of the Python that has the packages
 * @throws EnvironmentUnavailable without a Python that is new enough, or when pip cannot install the packages
 */
export async function pythonEnvironment(
  directory: string,
  { requirements, oldest, packages }: PythonPackages,
): Promise<string> {
  const { command, version } = await findPython(oldest);
  const hash = createHash('sha256')
    .update(await readFile(requirements))
    .update(version);
  const environment = join(directory, `python-${hash.digest('hex').slice(0, 12)}`);
  const python = join(environment, 'bin', 'python');
  const complete = join(environment, 'complete');
  if (existsSync(complete)) return python;
  console.log(`Installing ${packages} for Python ${version} …`);
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
    await runProgram(python, ['-m', 'pip', 'install', ...options, '-r', requirements], { env: process.env });
  } catch (error) {
    throw new EnvironmentUnavailable(`The Python packages cannot be installed: ${(error as Error).message}`);
  }
  await writeFile(complete, '');
  return python;
}

async function findPython(
  oldest: PythonPackages['oldest'],
): Promise<{ readonly command: string; readonly version: string }> {
  const print = 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])';
  for (const command of COMMANDS) {
    const output = await runProgram(command, ['-c', print], { env: process.env }).catch(() => '');
    const version = output.trim();
    const [major = 0, minor = 0] = version.split('.').map(Number);
    if (major === oldest[0] && minor >= oldest[1]) return { command, version };
  }
  throw new EnvironmentUnavailable(
    `There is no Python ${oldest.join('.')} or newer with venv and pip: install one.`,
  );
}
