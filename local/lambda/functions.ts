/** Runs Lambda functions: each invokes an instance of its pool, with Lambda's limits and retries. */
import type { Faults } from '../faults.ts';
import {
  FunctionError,
  type FunctionInstance,
  type InstanceOptions,
  LoadTimeout,
  type OnChunk,
} from './function-instance.ts';
import { InstancePool, type PoolOptions, ThrottledError } from './instance-pool.ts';

export { ThrottledError } from './instance-pool.ts';

/** Lambda's limit for the payload of a synchronous invocation. */
export const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;
/** Lambda's limit for the payload of an asynchronous invocation. */
export const MAX_EVENT_BYTES = 1024 * 1024;

/** Lambda's limit for loading the code. */
const LOAD_MS = 10_000;
/** Lambda loads the code once more, within the function's timeout. Here the machine may also be busy with other programs. */
const SECOND_LOAD_MS = 60_000;
/** Lambda's default for asynchronous invocations. */
const MAX_AGE_MS = 6 * 60 * 60_000;

/** Runs an invocation, or a throttled attempt at one, and measures it. */
export type Measure = (functionName: string, invoke: () => Promise<string>) => Promise<string>;

export interface FunctionOptions extends InstanceOptions {
  /** Maximum concurrent invocations. @default not limited */
  readonly reservedConcurrency?: number;
  /** Each instance serves one tenant only, and each invocation names its tenant. */
  readonly isolatesTenants: boolean;
  /** Retries of an asynchronous invocation that fails. @default 2, as on AWS */
  readonly asyncRetries?: number;
  /** Lambda drops an asynchronous invocation that has waited longer, in milliseconds. @default six hours, as on AWS */
  readonly asyncMaxAgeMs?: number;
  /** Why the function cannot run here: each invocation fails with this message. @default the function runs */
  readonly refusal?: string;
  /** @default nothing is measured */
  readonly measure?: Measure;
  /** @default none */
  readonly faults?: Faults;
}

export interface InvokeOptions {
  /** Receives a streamed response. @default the chunks are the result */
  readonly onChunk?: OnChunk;
  readonly tenantId?: string;
  /** Lambda's own queues wait for reserved concurrency: events and event source mappings. @default false */
  readonly isQueued?: boolean;
  /** Longest wait for an instance in milliseconds. @default no limit */
  readonly maxWaitMs?: number;
}

/** A function with its instances. */
export class LambdaFunction {
  #options: FunctionOptions;
  readonly #pool: InstancePool;

  constructor(options: FunctionOptions) {
    this.#options = options;
    this.#pool = new InstancePool(poolOptionsOf(options));
  }

  get isolatesTenants(): boolean {
    return this.#options.isolatesTenants;
  }

  /** Replaces code and configuration. Running invocations end with the earlier code. */
  update(options: FunctionOptions): void {
    this.#options = options;
    this.#pool.update(poolOptionsOf(options));
  }

  /** Accepts no further invocation. Running ones end. */
  retire(): void {
    this.#pool.retire();
  }

  /**
   * Runs the handler as soon as an instance is free.
   * @returns the result as JSON text, or the streamed text.
   * @throws FunctionError; ThrottledError when the reserved concurrency is used up
   */
  async invoke(payload: string, options: InvokeOptions = {}): Promise<string> {
    const { measure = (_, run) => run(), faults, functionName } = this.#options;
    if (faults?.isActive('throttled-function', functionName)) {
      const throttled = measure(functionName, () => Promise.reject(new ThrottledError('Rate Exceeded.')));
      if (!options.isQueued) return throttled;
      await throttled.catch(() => {});
      await faults.end('throttled-function', functionName);
    }
    return measure(functionName, () => this.#invoke(payload, options));
  }

  async #invoke(payload: string, { onChunk, ...options }: InvokeOptions): Promise<string> {
    const { refusal } = this.#options;
    if (refusal !== undefined) {
      this.#options.onLine(refusal);
      throw new FunctionError({ errorType: 'LocalCloud.NotRun', errorMessage: refusal, trace: [] });
    }
    const bytes = Buffer.byteLength(payload);
    if (bytes > MAX_PAYLOAD_BYTES) {
      const errorMessage = `${bytes} byte payload is too large for the Invoke operation (limit ${MAX_PAYLOAD_BYTES} bytes)`;
      throw new FunctionError({ errorType: 'RequestEntityTooLargeException', errorMessage });
    }
    const chunks: Buffer[] = [];
    const forward = onChunk ?? (async (chunk: Buffer) => void chunks.push(chunk));
    try {
      const result = await this.#run(payload, forward, options, LOAD_MS).catch((error) => {
        if (!(error instanceof LoadTimeout)) throw error;
        this.#options.onLine(`${error.message} Loading it once more.`);
        return this.#run(payload, forward, options, SECOND_LOAD_MS);
      });
      return result || Buffer.concat(chunks).toString();
    } catch (error) {
      if (!(error instanceof ThrottledError)) {
        this.#options.onLine(`Invoke Error ${(error as Error).message}`);
      }
      throw error;
    }
  }

  async #run(payload: string, onChunk: OnChunk, options: InvokeOptions, loadMs: number): Promise<string> {
    const { tenantId, isQueued = false, maxWaitMs } = options;
    const instance = await this.#pool.acquire(tenantId, isQueued, maxWaitMs);
    const { faults, functionName } = this.#options;
    const kill = faults?.killOf(functionName, payload);
    const timer = kill && setTimeout(() => killInstance(instance, kill.onKilled), kill.afterMs);
    try {
      const result = instance.invoke(payload, onChunk, loadMs);
      if (faults?.isActive('crashing-function', functionName)) instance.crash();
      return await result;
    } finally {
      clearTimeout(timer);
      this.#pool.release(instance);
    }
  }

  /** Invokes asynchronously: resolves after success, the last retry or the maximum age. The function's log has the errors. */
  async invokeAsync(payload: string, tenantId?: string): Promise<void> {
    const { asyncRetries = 2, asyncMaxAgeMs = MAX_AGE_MS } = this.#options;
    const expiresMs = Date.now() + asyncMaxAgeMs;
    for (let retries = 0; retries <= asyncRetries && Date.now() < expiresMs; retries++) {
      try {
        await this.invoke(payload, { isQueued: true, tenantId, maxWaitMs: expiresMs - Date.now() });
        return;
      } catch {
        // The loop retries.
      }
    }
  }

  async stop(): Promise<void> {
    await this.#pool.stop();
  }

  /** Crashes every instance, in the middle of its work. @returns the number of instances */
  interrupt(): number {
    return this.#pool.interrupt();
  }
}

function poolOptionsOf(options: FunctionOptions): PoolOptions {
  const {
    isolatesTenants: _,
    asyncRetries: _1,
    asyncMaxAgeMs: _2,
    refusal: _3,
    reservedConcurrency,
    measure: _4,
    faults: _5,
    ...instance
  } = options;
  return { instance, ...(reservedConcurrency !== undefined && { reservedConcurrency }) };
}

function killInstance(instance: FunctionInstance, onKilled: () => void): void {
  instance.crash();
  onKilled();
}
