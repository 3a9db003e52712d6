/** Runs one instance of a function: a worker thread that handles one invocation at a time. */
import { randomUUID } from 'node:crypto';
import { extname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { FromWorker, FunctionFailure, ToWorker, WorkerSetup } from './function-protocol.ts';
import { createScratch, removeScratches } from './scratch.ts';

export interface InstanceOptions extends WorkerSetup {
  readonly timeoutMs: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
  /** Receives the milliseconds that Lambda would bill for an invocation, unless the instance crashed. @default not called */
  readonly onBilled?: (ms: number) => void;
}

/** Receives a chunk of a streamed response. The next chunk follows when the promise resolves. */
export type OnChunk = (chunk: Buffer) => Promise<void>;

/** A failed invocation. Its name is Lambda's error type (`Error`), its message is Lambda's JSON text (`Cause`). */
export class FunctionError extends Error {
  constructor(failure: FunctionFailure) {
    super(JSON.stringify(failure));
    this.name = failure.errorType;
  }
}

/** The code did not load in time. Nothing of the invocation has run. */
export class LoadTimeout extends FunctionError {}

/** Time between SIGTERM and the end of the instance, as on AWS. */
const SHUTDOWN_MS = 500;
/** Lambda's limit for a response that is not streamed. */
const MAX_RESPONSE_BYTES = 6_291_556;
/** Lambda's limit for a streamed response. */
const MAX_STREAMED_BYTES = 200 * 1024 * 1024;

const WORKER_ENTRY = new URL(`./function-worker${extname(import.meta.url)}`, import.meta.url).href;
/**
 * Starts a worker with V8's compile cache, which also caches modules with their types stripped. It has no types itself: a worker
 * that loads Node.js's parser of types takes twice as long to start.
 */
const START_WORKER = `
  const { workerData } = require('node:worker_threads');
  const { compileCacheDirectory, entry } = workerData;
  if (compileCacheDirectory) require('node:module').enableCompileCache(compileCacheDirectory);
  import(entry);
`;

interface Invocation {
  readonly requestId: string;
  readonly onChunk: OnChunk;
  readonly done: PromiseWithResolvers<string>;
  streamedBytes: number;
}

export class FunctionInstance {
  readonly #worker: Worker;
  readonly #options: InstanceOptions;
  readonly #ready = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  /** The instance's own `/tmp`, as on AWS: other instances do not see its files. */
  readonly #scratch = createScratch();
  readonly #startedMs = performance.now();
  #isStarting = true;
  /** Text after the last line break. */
  readonly #begun = { stdout: '', stderr: '' };
  #invocation: Invocation | undefined;
  /** False once the worker is dead or dying. */
  usable = true;

  constructor(options: InstanceOptions) {
    const { environment, onLine, onBilled: _, timeoutMs, ...setup } = options;
    this.#options = options;
    this.#worker = new Worker(START_WORKER, {
      eval: true,
      workerData: { ...setup, entry: WORKER_ENTRY },
      env: { ...environment, TMPDIR: this.#scratch },
      execArgv: [],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: setup.memoryMb, maxYoungGenerationSizeMb: 12 },
    });
    // Only what Node.js itself prints, before the function's own text arrives as messages.
    this.#worker.stdout.on('data', (chunk) => this.#print('stdout', String(chunk)));
    this.#worker.stderr.on('data', (chunk) => this.#print('stderr', String(chunk)));
    this.#worker.on('message', (message: FromWorker) => this.#receive(message));
    this.#worker.on('error', (error) => onLine(String(error?.stack ?? error)));
    this.#worker.on('exit', (status) => this.#exit(status));
    // Avoids an unhandled rejection when no invocation waits.
    this.#ready.promise.catch(() => {});
  }

  /** Returns the milliseconds since its start, until it has loaded its code and ended the first invocation; then infinity. */
  get startingMs(): number {
    return this.#isStarting ? performance.now() - this.#startedMs : Number.POSITIVE_INFINITY;
  }

  /**
   * Runs the handler.
   * @param loadMs limit for loading the code. The function's timeout starts afterwards.
   * @returns its result as JSON text; empty after a streamed response. @throws FunctionError
   */
  async invoke(payload: string, onChunk: OnChunk, loadMs: number): Promise<string> {
    const requestId = randomUUID();
    const invocation = { requestId, onChunk, done: Promise.withResolvers<string>(), streamedBytes: 0 };
    this.#invocation = invocation;
    // It may reject while the code is loading, before anything awaits it.
    invocation.done.promise.catch(() => {});
    try {
      await this.#within(loadMs, this.#ready.promise, () => loadTimeout(loadMs));
      const { timeoutMs } = this.#options;
      this.#send({ type: 'invoke', requestId, payload, deadlineMs: Date.now() + timeoutMs });
      return await this.#within(timeoutMs, invocation.done.promise, () =>
        failed(
          'Sandbox.Timedout',
          `RequestId: ${requestId} Error: Task timed out after ${seconds(timeoutMs)} seconds`,
        ),
      );
    } finally {
      this.#isStarting = false;
      this.#invocation = undefined;
    }
  }

  /** Asks the worker to exit, and terminates it when it does not. */
  async stop(): Promise<void> {
    this.usable = false;
    this.#send({ type: 'shutdown' });
    const timer = new AbortController();
    await Promise.race([this.#ended.promise, delay(SHUTDOWN_MS, undefined, { signal: timer.signal })]);
    timer.abort();
    await this.#worker.terminate();
    await this.#ended.promise;
  }

  /** Terminates the worker in the middle of its work, like a crash. */
  crash(): void {
    this.usable = false;
    void this.#worker.terminate();
  }

  async #within<T>(limitMs: number, work: Promise<T>, late: () => FunctionError): Promise<T> {
    const timedOut = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      timedOut.reject(late());
      void this.stop();
    }, limitMs);
    return Promise.race([work, timedOut.promise]).finally(() => clearTimeout(timer));
  }

  async #receive(message: FromWorker): Promise<void> {
    const invocation = this.#invocation;
    if ('billedMs' in message) this.#options.onBilled?.(message.billedMs ?? 0);
    switch (message.type) {
      case 'ready':
        return this.#ready.resolve();
      case 'text':
        return this.#print(message.stream, message.text);
      case 'chunk':
        await this.#stream(invocation, Buffer.from(message.data));
        if (message.fillsWindow) this.#send({ type: 'chunk-taken' });
        return;
      case 'done':
        if (Buffer.byteLength(message.payload) > MAX_RESPONSE_BYTES) {
          return invocation?.done.reject(tooLarge(MAX_RESPONSE_BYTES));
        }
        return invocation?.done.resolve(message.payload);
      case 'failed':
        this.#ready.reject(new FunctionError(message.failure));
        return invocation?.done.reject(new FunctionError(message.failure));
    }
  }

  /** A failed reader drops the rest. The function still runs to its end, as on AWS. */
  async #stream(invocation: Invocation | undefined, chunk: Buffer): Promise<void> {
    if (!invocation) return;
    invocation.streamedBytes += chunk.length;
    if (invocation.streamedBytes <= MAX_STREAMED_BYTES) await invocation.onChunk(chunk).catch(() => {});
    else invocation.done.reject(tooLarge(MAX_STREAMED_BYTES));
  }

  /** Forwards complete lines, and keeps the start of the next one. */
  #print(stream: 'stdout' | 'stderr', text: string): void {
    const lines = `${this.#begun[stream]}${text}`.split(/\r?\n/);
    this.#begun[stream] = lines.pop() ?? '';
    for (const line of lines) this.#options.onLine(line);
  }

  #exit(status: number): void {
    this.usable = false;
    for (const line of Object.values(this.#begun)) if (line !== '') this.#options.onLine(line);
    const requestId = this.#invocation?.requestId ?? randomUUID();
    const text = `RequestId: ${requestId} Error: Runtime exited with error: exit status ${status}`;
    const error = failed('Runtime.ExitError', text);
    this.#ready.reject(error);
    this.#invocation?.done.reject(error);
    void removeScratches(this.#scratch).then(this.#ended.resolve);
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message);
  }
}

function tooLarge(maxBytes: number): FunctionError {
  const message = `Response payload size exceeded maximum allowed payload size (${maxBytes} bytes).`;
  return failed('Function.ResponseSizeTooLarge', message);
}

function failed(errorType: string, errorMessage: string): FunctionError {
  return new FunctionError({ errorType, errorMessage });
}

function loadTimeout(limitMs: number): LoadTimeout {
  const errorMessage = `The code did not load within ${seconds(limitMs)} seconds. Look for a wait at its top level, or free the CPU.`;
  return new LoadTimeout({ errorType: 'Sandbox.Timedout', errorMessage });
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(2);
}
