/** Starts the service with `npm start`, as a user does, and adds the projects that the clients build. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../rehearsal/programs.ts';
import { programToken } from './sign-in.ts';

const PROJECTS = fileURLToPath(new URL('../rehearsal/projects', import.meta.url));
/** It is built within seconds, and asks no package registry. */
const QUICK_PROJECT = join(PROJECTS, 'quick');
/** A project whose build lasts until it is cancelled. */
export const SLOW_PROJECT = 'slow';
const START_MS = 240_000;
const END_MS = 10_000;

export interface Service {
  /** URL of the MCP endpoint. */
  readonly url: string;
  /** @returns an access token; undefined when the service requires none */
  token(): Promise<string | undefined>;
  /** Adds a project that is built within seconds. */
  addProject(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** @throws Error with what the service printed, when it does not start */
export async function startService({ auth }: { readonly auth: boolean }): Promise<Service> {
  const directory = await mkdtemp(join(tmpdir(), 'clients-'));
  const env = { ...process.env, PORT: '0', LOCAL_CLOUD_DIR: directory };
  const args = ['start', '--silent', '--', '--ephemeral', ...(auth ? ['--auth'] : [])];
  // A process group: npm does not pass on signals to what it starts.
  const child = spawn('npm', args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const stop = async () => {
    await end(child);
    await rm(directory, { recursive: true, force: true });
  };
  const onExit = () => signal(child, 'SIGKILL');
  process.once('exit', onExit);
  try {
    const printed = await outputUntil(child, auth ? /client secret +\S+\s/ : /^Data: /m);
    const addProject = async (folder: string, name: string) => {
      await runProgram('npm', ['run', '--silent', 'add-project', '--', folder, name], { env });
    };
    await addProject(join(PROJECTS, SLOW_PROJECT), SLOW_PROJECT);
    const url = find(printed, /MCP endpoint: (\S+)/);
    return {
      url,
      token: async () =>
        auth
          ? programToken(
              find(printed, /Sign-in: (\S+)/),
              { id: 'local-program', secret: find(printed, /client secret +(\S+)/) },
              url,
            )
          : undefined,
      addProject: (name) => addProject(QUICK_PROJECT, name),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function outputUntil(child: ChildProcess, pattern: RegExp): Promise<string> {
  let output = '';
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => reject(new Error(`npm start ${reason}:\n${output.slice(-3_000)}`));
    const timer = setTimeout(() => fail(`is not ready within ${START_MS / 1000} s`), START_MS);
    child.on('error', reject).on('close', (code) => fail(`ended with ${code}`));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (!pattern.test(output)) return;
        clearTimeout(timer);
        resolve(output);
      });
    }
  });
}

function find(text: string, pattern: RegExp): string {
  const [, found] = pattern.exec(text) ?? [];
  if (found === undefined) throw new Error(`npm start does not print ${pattern}:\n${text}`);
  return found;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once('close', resolve));
  signal(child, 'SIGTERM');
  const timer = setTimeout(() => signal(child, 'SIGKILL'), END_MS);
  await closed;
  clearTimeout(timer);
}

function signal({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch {
    // The group has ended.
  }
}
