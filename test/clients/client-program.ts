/** Runs a client's program: sends it commands, and opens the sign-in page for it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { openPage } from './sign-in.ts';
import type { Command } from './toolchains.ts';

/** Covers a cold start under load. The wait of a task may take as long. */
const COMMAND_LIMIT_MS = 120_000;
/** Characters of the program's errors that a failure shows. */
const SHOWN_ERRORS = 1_500;

/** What a program prints for a command. */
export type Outcome = Readonly<Record<string, unknown>>;

/** What a program prints when it has connected. */
export interface Ready {
  readonly version: string;
  /** Null when the client does not tell it. */
  readonly protocol: string | null;
  /** Null when the server requires no sign-in. */
  readonly sign_in: 'authorization code' | 'token' | null;
}

/** The client has no API for this. */
export class Lacking extends Error {}

export class ClientProgram {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #errors = '';
  /** Why later commands get no answer. */
  #silent: Error | undefined;

  /** @param token that clients without a sign-in send; absent when the server requires none */
  constructor({ command, args, env }: Command, url: string, token: string | undefined) {
    this.#child = spawn(command, args, {
      env: { ...env, MCP_URL: url, ...(token !== undefined && { MCP_TOKEN: token }) },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.on('error', (error) => {
      this.#errors += error.message;
    });
    this.#child.stdin?.on('error', () => {});
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
    const lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
    this.#lines = lines[Symbol.asyncIterator]();
  }

  /** What the program has printed as errors. */
  get errors(): string {
    return this.#errors.slice(-SHOWN_ERRORS);
  }

  /** @returns when the client has connected, and has signed in. @throws Error with the client's error */
  async connect(): Promise<Ready> {
    for (;;) {
      const outcome = await this.#next();
      if (typeof outcome.open !== 'string') return outcome as unknown as Ready;
      this.#write({ callback: await openPage(outcome.open) });
    }
  }

  /** @throws Lacking, or Error with the client's error */
  command(name: string, parameters: object = {}): Promise<Outcome> {
    this.#write({ do: name, ...parameters });
    return this.#next();
  }

  async close(): Promise<void> {
    this.#child.stdin?.end();
    if (this.#child.exitCode === null) {
      const closed = new Promise((resolve) => this.#child.once('close', resolve));
      await Promise.race([closed, delay(3_000, undefined, { ref: false })]);
      this.#child.kill('SIGKILL');
    }
  }

  #write(message: object): void {
    this.#child.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  async #next(): Promise<Outcome> {
    if (this.#silent) throw this.#silent;
    const answered = new AbortController();
    try {
      return await Promise.race([this.#read(), this.#timeLimit(answered.signal)]);
    } finally {
      answered.abort();
    }
  }

  async #timeLimit(answered: AbortSignal): Promise<never> {
    await delay(COMMAND_LIMIT_MS, undefined, { signal: answered });
    this.#silent = new Error(`The client does not answer within ${COMMAND_LIMIT_MS / 1000} s.`);
    throw this.#silent;
  }

  async #read(): Promise<Outcome> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`The program has ended. ${this.errors}`);
      const outcome = parse(value);
      if (!outcome) continue;
      if (outcome.unsupported !== undefined) throw new Lacking(String(outcome.unsupported));
      if (outcome.error !== undefined) throw new Error(String(outcome.error));
      return outcome;
    }
  }
}

/** @returns undefined for a line that the client's library prints */
function parse(line: string): Outcome | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
