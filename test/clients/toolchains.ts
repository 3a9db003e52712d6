/** Prepares the programs of the clients: installs what each needs below node_modules, and builds it. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../rehearsal/programs.ts';
import { EnvironmentUnavailable, pythonEnvironment } from '../rehearsal/python-environment.ts';

const CACHE = resolve('node_modules/.cache/clients');
const PROGRAMS = fileURLToPath(new URL('./programs', import.meta.url));
/** The oldest releases that the pinned packages take. */
const OLDEST_PYTHON = [3, 11] as const;

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** How to get a client's program running. @throws EnvironmentUnavailable with what this machine lacks */
export type Toolchain = () => Promise<Command>;

/** @param program file in programs/python. @param requirements file in programs/python/requirements */
export function python(program: string, requirements: string): Toolchain {
  return async () => {
    const folder = join(PROGRAMS, 'python');
    await mkdir(CACHE, { recursive: true });
    const interpreter = await pythonEnvironment(CACHE, {
      requirements: join(folder, 'requirements', `${requirements}.txt`),
      oldest: OLDEST_PYTHON,
      packages: requirements,
    });
    // Without -B it writes compiled files beside the sources.
    return { command: interpreter, args: ['-B', join(folder, program)], env: process.env };
  };
}

/** @param main folder of a program in programs/go */
export function go(main: string): Toolchain {
  return async () => {
    await requireTool('go', ['version'], 'Go');
    const folder = join(PROGRAMS, 'go');
    const directory = await built('go', folder, async (output) => {
      await runProgram('go', ['build', '-o', `${output}/`, './...'], { env: process.env, cwd: folder });
    });
    return { command: join(directory, main), args: [], env: process.env };
  };
}

export const rust: Toolchain = async () => {
  await requireTool('cargo', ['--version'], 'Cargo');
  const directory = await built('rust', join(PROGRAMS, 'rust'), async (output) => {
    // Cargo writes its lock file beside the manifest.
    await cp(join(PROGRAMS, 'rust'), output, { recursive: true });
    const env = { ...process.env, CARGO_TARGET_DIR: join(CACHE, 'rust-target') };
    await runProgram('cargo', ['build', '--quiet'], { env, cwd: output });
    await cp(join(CACHE, 'rust-target', 'debug', 'rmcp-client'), join(output, 'rmcp-client'));
  });
  return { command: join(directory, 'rmcp-client'), args: [], env: process.env };
};

export const java: Toolchain = async () => {
  await requireTool('java', ['-version'], 'Java');
  await requireTool('mvn', ['--version'], 'Maven');
  const folder = join(PROGRAMS, 'java');
  const directory = await built('java', folder, async (output) => {
    const options = [`-DoutputDirectory=${output}`, '-DincludeScope=runtime', '-f', join(folder, 'pom.xml')];
    await runProgram('mvn', ['-q', '-B', 'dependency:copy-dependencies', ...options], { env: process.env });
  });
  const args = ['-cp', `${directory}/*`, join(folder, 'Client.java')];
  return { command: 'java', args, env: process.env };
};

/** @param program file in programs/node. @param dependencies such as `@modelcontextprotocol/sdk@1.11.5` */
export function node(program: string, ...dependencies: readonly string[]): Toolchain {
  return async () => {
    const directory = await built(`node ${dependencies.join(' ')}`, undefined, async (output) => {
      await writeFile(join(output, 'package.json'), '{"private":true}');
      const options = ['--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts', '--silent'];
      await runProgram('npm', ['install', ...options, ...dependencies], { env: process.env, cwd: output });
    });
    const env = { ...process.env, PACKAGES: directory };
    return { command: process.execPath, args: [join(PROGRAMS, 'node', program)], env };
  };
}

async function requireTool(command: string, args: readonly string[], name: string): Promise<void> {
  await runProgram(command, args, { env: process.env }).catch(() => {
    throw new EnvironmentUnavailable(`${name} is not on this machine.`);
  });
}

const building = new Map<string, Promise<string>>();

/**
 * Builds into a folder of the cache, unless an earlier run has built the same sources.
 * @param sources folder; absent when the name says all
 * @throws EnvironmentUnavailable with what the build printed
 */
async function built(
  name: string,
  sources: string | undefined,
  build: (output: string) => Promise<void>,
): Promise<string> {
  const hash = createHash('sha256').update(name);
  for (const file of sources ? await filesBelow(sources) : []) hash.update(await readFile(file));
  const output = join(CACHE, `${name.replaceAll(/[^\w.]+/g, '-')}-${hash.digest('hex').slice(0, 12)}`);
  const running = building.get(output) ?? buildOnce(name, output, build);
  building.set(output, running);
  return running;
}

async function buildOnce(name: string, output: string, build: (output: string) => Promise<void>) {
  const complete = join(output, 'complete');
  if (existsSync(complete)) return output;
  console.log(`Installing for ${name} …`);
  await rm(output, { recursive: true, force: true });
  await mkdir(output, { recursive: true });
  await build(output).catch((error: Error) => {
    throw new EnvironmentUnavailable(`Its packages cannot be installed: ${error.message}`);
  });
  await writeFile(complete, '');
  return output;
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
}
