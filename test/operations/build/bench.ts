/** A workbench for the steps of a build: a workspace of plain files and a temporary directory like a function's own. */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import * as tar from 'tar';
import type {
  FileTransfer,
  SandboxContext,
  SandboxedStep,
} from '../../../lambdas/definition/step-context.ts';
import { compile } from '../../../lambdas/operations/build/compile.ts';
import { install } from '../../../lambdas/operations/build/install.ts';
import { type BuildInput, type BuildOutput, build } from '../../../lambdas/operations/build/operation.ts';
import { packageArtifact } from '../../../lambdas/operations/build/package.ts';
import { test as testStep } from '../../../lambdas/operations/build/test.ts';
import type { Json } from '../../../lambdas/shared/json.ts';
import { digestOf } from '../../../lambdas/workspace/digest.ts';

export const stepsInOrder = { install, compile, test: testStep, package: packageArtifact };
export type StepName = keyof typeof stepsInOrder;

/** Contents by path; a directory's parents need not be named. */
export type Files = Readonly<Record<string, string>>;

export class Bench {
  readonly root: string;
  readonly objects: string;
  readonly jobs: string;
  readonly #savedEnvironment = {
    PATH: process.env.PATH,
    TMPDIR: process.env.TMPDIR,
    LAMBDA_TASK_ROOT: process.env.LAMBDA_TASK_ROOT,
  };

  private constructor(root: string) {
    this.root = root;
    this.objects = join(root, 'objects');
    this.jobs = join(root, 'tmp', 'jobs');
  }

  static async create(): Promise<Bench> {
    const bench = new Bench(await mkdtemp(join(tmpdir(), 'build-test-')));
    await mkdir(join(bench.root, 'tmp'));
    await mkdir(join(bench.root, 'task', 'node_modules'), { recursive: true });
    for (const name of build.resources?.packages ?? []) {
      await symlink(
        join(process.cwd(), 'node_modules', name),
        join(bench.root, 'task', 'node_modules', name),
      );
    }
    process.env.PATH = await linkCommands(join(bench.root, 'bin'));
    process.env.TMPDIR = join(bench.root, 'tmp');
    process.env.LAMBDA_TASK_ROOT = join(bench.root, 'task');
    return bench;
  }

  async remove(): Promise<void> {
    for (const [name, value] of Object.entries(this.#savedEnvironment)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await rm(this.root, { recursive: true, force: true });
  }

  readonly workspace: FileTransfer = {
    download: async (key, file, { signal, maxBytes, missing, tooLarge }) => {
      const found = await stat(join(this.objects, key)).catch(() => undefined);
      if (!found) throw missing;
      if (found.size > maxBytes) throw tooLarge;
      await copyFile(join(this.objects, key), file);
      return digestOf(file, signal);
    },
    upload: async (key, file, { signal }) => {
      const object = join(this.objects, key);
      await mkdir(dirname(object), { recursive: true });
      await copyFile(file, object);
      return digestOf(file, signal);
    },
  };

  /** Makes a project of files and uploads it. */
  async addProject(project: string, files: Files, prefix = ''): Promise<void> {
    const source = await mkdtemp(join(this.root, 'source-'));
    await writeFiles(join(source, prefix), files);
    await mkdir(join(this.objects, 'projects'), { recursive: true });
    await tar.create({ file: this.sourceFile(project), cwd: source, gzip: true }, ['.']);
  }

  sourceFile(project: string): string {
    return join(this.objects, 'projects', `${project}.tar.gz`);
  }

  async putSource(project: string, content: Buffer): Promise<void> {
    await mkdir(join(this.objects, 'projects'), { recursive: true });
    await writeFile(this.sourceFile(project), content);
  }

  /** Entries of the artifact, with the content of its files. */
  async artifact(project: string): Promise<Map<string, string>> {
    const contents = new Map<string, string>();
    await tar.list({
      file: join(this.objects, 'builds', `${project}.tar.gz`),
      onReadEntry: (entry) => {
        contents.set(entry.path, entry.linkpath ?? '');
        entry.on('data', (chunk: Buffer) =>
          contents.set(entry.path, contents.get(entry.path) + chunk.toString()),
        );
      },
    });
    return contents;
  }

  job(project: string, options: { readonly jobId?: string; readonly signal?: AbortSignal } = {}): BenchJob {
    return new BenchJob(
      this,
      project,
      options.jobId ?? 'job-1',
      options.signal ?? new AbortController().signal,
    );
  }
}

/** Runs the steps of one job the way its state machine does. */
export class BenchJob {
  readonly results: Record<string, Json> = {};
  readonly messages: string[] = [];
  readonly directory: string;
  readonly #bench: Bench;
  readonly #context: SandboxContext<BuildInput>;
  readonly #log: string[] = [];
  readonly #watchers = new Set<() => void>();

  constructor(bench: Bench, project: string, jobId: string, signal: AbortSignal) {
    this.#bench = bench;
    this.directory = join(bench.jobs, jobId);
    this.#context = {
      jobId,
      input: { project },
      results: this.results,
      attempt: 0,
      signal,
      progress: (_fraction, message) => {
        if (message) this.messages.push(message);
      },
      log: {
        write: (text) => {
          this.#log.push(text);
          for (const watcher of this.#watchers) watcher();
        },
        drain: async () => {},
      },
      workspace: bench.workspace,
    };
  }

  get log(): string {
    return this.#log.join('');
  }

  async step(name: StepName): Promise<Json> {
    // What a state machine hands on went through JSON.
    const step = stepsInOrder[name] as SandboxedStep<BuildInput>;
    const result = JSON.parse(JSON.stringify(await step(this.#context))) as Json;
    this.results[name] = result;
    return result;
  }

  /** All steps; `between` is called before each but the first. */
  async run(between: () => Promise<void> = async () => {}): Promise<BuildOutput> {
    await this.step('install');
    for (const name of ['compile', 'test', 'package'] as const) {
      await between();
      await this.step(name);
    }
    return this.results.package as BuildOutput;
  }

  /** Moves the job to another machine, which has none of its files. */
  async loseMachine(): Promise<void> {
    await rm(join(this.#bench.root, 'tmp'), { recursive: true, force: true });
    await mkdir(join(this.#bench.root, 'tmp'));
  }

  /** Resolves with the match once the log has it. */
  async logged(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve) => {
      const look = () => {
        const match = pattern.exec(this.log);
        if (!match) return;
        this.#watchers.delete(look);
        resolve(match);
      };
      this.#watchers.add(look);
      look();
    });
  }
}

/** Commands that scripts of these tests use and Lambda's image has. It has neither npm nor git. */
const LAMBDA_COMMANDS = [
  'bash',
  'cat',
  'chmod',
  'dirname',
  'env',
  'mkdir',
  'mkfifo',
  'mv',
  'rm',
  'sed',
  'setsid',
  'sh',
  'sleep',
  'touch',
  'uname',
];

/** Makes a directory that is a PATH like Lambda's, where this machine's may have much more. */
async function linkCommands(directory: string): Promise<string> {
  await mkdir(directory);
  const places = (process.env.PATH ?? '').split(delimiter);
  for (const name of LAMBDA_COMMANDS) {
    const found = places.map((place) => join(place, name)).find((path) => existsSync(path));
    if (found) await symlink(found, join(directory, name));
  }
  return directory;
}

export async function writeFiles(directory: string, files: Files): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), content);
  }
}

/** A package.json with a name and whatever else is given. */
export function manifest(fields: object = {}): string {
  return JSON.stringify({ name: 'sample', version: '1.0.0', ...fields });
}
