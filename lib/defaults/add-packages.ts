/** Adds npm packages to a bundle for the platform of the function: programs that a step runs, and native modules. */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A platform, with npm's names: `linux`, `arm64`, `glibc`. */
export interface Platform {
  readonly os: string;
  readonly cpu: string;
  readonly libc: string;
}

export interface AddPackagesOptions {
  /** The module whose imports find the packages. */
  readonly entry: string;
  readonly outputDirectory: string;
  readonly platform: Platform;
  /** Links packages instead of copying them, which takes a second for npm: only for this machine. @default false */
  readonly links?: boolean;
}

interface Manifest {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly bundleDependencies?: readonly string[];
}

/**
 * Copies or links packages that bundle their dependencies, such as npm. npm installs the others for the function's platform, with
 * the versions of the app's lock file. It uses no Docker and runs no install scripts.
 * @throws Error naming the package and the remedy
 */
export function addPackages(names: readonly string[], options: AddPackagesOptions): void {
  const found = names.map((name) => ({ name, directory: packageDirectory(name, options.entry) }));
  const installed: Record<string, string> = {};
  for (const { name, directory } of found) {
    const manifest = readJson<Manifest>(join(directory, 'package.json'));
    const target = join(options.outputDirectory, 'node_modules', name);
    if (needsOthers(manifest)) installed[name] = manifest.version;
    else if (options.links) {
      mkdirSync(dirname(target), { recursive: true });
      // The kind that Windows allows every user. Other systems have one kind.
      symlinkSync(directory, target, 'junction');
    } else cpSync(directory, target, { recursive: true, dereference: true });
  }
  if (Object.keys(installed).length > 0) install(installed, options);
}

function needsOthers({ dependencies, optionalDependencies, bundleDependencies = [] }: Manifest): boolean {
  return Object.keys({ ...dependencies, ...optionalDependencies }).some(
    (name) => !bundleDependencies.includes(name),
  );
}

/** Searches the folders above the module, as Node does, because `exports` may hide a package's manifest. */
function packageDirectory(name: string, entry: string): string {
  for (let directory = dirname(entry); ; directory = dirname(directory)) {
    const candidate = join(directory, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (directory === dirname(directory)) break;
  }
  throw new Error(
    `The package "${name}" of resources.packages is not installed where ${entry} finds it: run \`npm install ${name}\`.`,
  );
}

function install(
  dependencies: Readonly<Record<string, string>>,
  { entry, outputDirectory, platform: { os, cpu, libc } }: AddPackagesOptions,
): void {
  const directory = mkdtempSync(join(tmpdir(), 'packages-'));
  try {
    const project = projectDirectory(entry);
    const { overrides } = readJson<{ readonly overrides?: object }>(join(project, 'package.json'));
    writeFileSync(
      join(directory, 'package.json'),
      JSON.stringify({ private: true, dependencies, overrides }),
    );
    const lock = join(project, 'package-lock.json');
    // npm starts from the lock file and prunes it, so dependencies keep the versions that the app was tested with.
    if (existsSync(lock)) cpSync(lock, join(directory, 'package-lock.json'));
    const flags = [`--os=${os}`, `--cpu=${cpu}`, `--libc=${libc}`, '--omit=dev', '--ignore-scripts'];
    const { status, stderr } = spawnSync(
      process.execPath,
      [
        npmProgram(),
        'install',
        `--prefix=${directory}`,
        ...flags,
        // The app's own install has most of them in npm's cache.
        '--prefer-offline',
        '--no-audit',
        '--no-fund',
        '--loglevel=error',
      ],
      { cwd: directory, encoding: 'utf8' },
    );
    if (status !== 0) {
      const names = Object.entries(dependencies).map(([name, version]) => `${name}@${version}`);
      throw new Error(`npm could not install ${names.join(', ')} for ${os} ${cpu}:\n${stderr}`);
    }
    const modules = join(directory, 'node_modules');
    // It contains the temporary path, which would change the asset hash at every synth.
    rmSync(join(modules, '.package-lock.json'), { force: true });
    mkdirSync(outputDirectory, { recursive: true });
    cpSync(modules, join(outputDirectory, 'node_modules'), { recursive: true });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Returns the nearest folder above the module that contains a package.json. */
function projectDirectory(entry: string): string {
  for (let directory = dirname(entry); directory !== dirname(directory); directory = dirname(directory)) {
    if (existsSync(join(directory, 'package.json'))) return directory;
  }
  throw new Error(
    `No folder above ${entry} has a package.json, which resources.packages needs: create one in your project.`,
  );
}

/** Returns the path of npm's program. npm's `exports` hide it. */
function npmProgram(): string {
  return join(dirname(createRequire(import.meta.url).resolve('npm/package.json')), 'bin', 'npm-cli.js');
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}
