/** Runs Lambda functions: each has a pool of warm instances, and a queue for invocations when all are busy. */
import type { Faults } from '../faults.ts';
import {
  FunctionError,
  FunctionInstance,
  type InstanceOptions,
  LoadTimeout,
  type OnChunk,
} from './function-instance.ts';

/** Lambda's limit for the payload of a synchronous invocation. */
export const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;
/** AWS would start an instance for each concurrent invocation, which would overload a laptop. */
const MAX_INSTANCES = 8;
/** After a minute without invocations, idle instances beyond two are stopped: threads cost memory. */
const KEPT_WARM = 2;
const IDLE_MS = 60_000;

/** Lambda's limit for loading the code. */
const LOAD_MS = 10_000;
/** Lambda loads the code once more, within the function's timeout. Here the machine may also be busy with other programs. */
const SECOND_LOAD_MS = 60_000;

/** AWS rejects the invocation, because the reserved concurrency of the function is used up. */
export class ThrottledError extends Error {
  override readonly name = 'TooManyRequestsException';
}

/** Runs an invocation, or a throttled attempt at one, and measures it. */
export type Measure = (functionName: string, invoke: () => Promise<string>) => Promise<string>;

export interface FunctionOptions extends InstanceOptions {
  /** Maximum concurrent invocations. @default not limited */
  readonly reservedConcurrency?: number;
  /** Each instance serves one tenant only, and each invocation names its tenant. */
  readonly isolatesTenants: boolean;
  /** Retries of an asynchronous invocation that fails. @default 2, as on AWS */
  readonly asyncRetries?: number;
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
}

/** The tenant of an instance; undefined without tenant isolation. */
type TenantId = string | undefined;

interface Waiting {
  readonly tenantId: TenantId;
  readonly resolve: (instance: FunctionInstance) => void;
  readonly reject: (error: Error) => void;
}

/** A function with its instances. */
export class LambdaFunction {
  #options: FunctionOptions;
  readonly #instances = new Map<FunctionInstance, TenantId>();
  readonly #idle: FunctionInstance[] = [];
  /** Busy instances of earlier code. */
  readonly #outdated = new Set<FunctionInstance>();
  readonly #waiting: Waiting[] = [];
  #idleTimer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: FunctionOptions) {
    this.#options = options;
  }

  get isolatesTenants(): boolean {
    return this.#options.isolatesTenants;
  }

  /** Replaces code and configuration. Running invocations end with the earlier code. */
  update(options: FunctionOptions): void {
    this.#options = options;
    this.#outdateInstances();
  }

  /** Accepts no further invocation. Running ones end. */
  retire(): void {
    this.#stopped = true;
    this.#outdateInstances();
    for (const { reject } of this.#waiting.splice(0)) reject(this.#stoppedError());
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
    const { tenantId, isQueued = false } = options;
    const instance = await this.#acquire(tenantId, isQueued);
    try {
      const { faults, functionName } = this.#options;
      const result = instance.invoke(payload, onChunk, loadMs);
      if (faults?.isActive('crashing-function', functionName)) instance.crash();
      return await result;
    } finally {
      this.#release(instance);
    }
  }

  /** Invokes asynchronously: resolves after success or the last retry. The function's log has the errors. */
  async invokeAsync(payload: string): Promise<void> {
    const { asyncRetries = 2 } = this.#options;
    for (let retries = 0; retries <= asyncRetries; retries++) {
      try {
        await this.invoke(payload, { isQueued: true });
        return;
      } catch {
        // The loop retries.
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#idleTimer);
    await Promise.all([...this.#instances.keys()].map((instance) => instance.stop()));
  }

  /** Crashes every instance, in the middle of its work. @returns the number of instances */
  interrupt(): number {
    const running = [...this.#instances.keys()].filter(({ usable }) => usable);
    for (const instance of running) instance.crash();
    return running.length;
  }

  async #acquire(tenantId: TenantId, isQueued: boolean): Promise<FunctionInstance> {
    if (this.#stopped) throw this.#stoppedError();
    for (const idle of this.#idle
      .filter((instance) => this.#instances.get(instance) === tenantId)
      .reverse()) {
      this.#idle.splice(this.#idle.indexOf(idle), 1);
      if (idle.usable) return idle;
      this.#instances.delete(idle);
    }
    const [longestIdle] = this.#idle;
    const { reservedConcurrency: reserved = Number.POSITIVE_INFINITY } = this.#options;
    const limit = Math.min(MAX_INSTANCES, reserved);
    if (this.#instances.size >= limit && longestIdle) this.#end(longestIdle);
    if (this.#instances.size < limit) return this.#start(tenantId);
    if (this.#instances.size >= reserved && !isQueued) throw new ThrottledError('Rate Exceeded.');
    return new Promise((resolve, reject) => this.#waiting.push({ tenantId, resolve, reject }));
  }

  #stoppedError(): Error {
    return new Error(
      `${this.#options.functionName} is stopped, because the local cloud closes or an update removed it. Deploy it again.`,
    );
  }

  #release(instance: FunctionInstance): void {
    const isCurrent = instance.usable && !this.#outdated.has(instance);
    const next = this.#stopped ? undefined : this.#waiting.shift();
    if (next) {
      const isFor = isCurrent && this.#instances.get(instance) === next.tenantId;
      if (!isFor) this.#end(instance);
      next.resolve(isFor ? instance : this.#start(next.tenantId));
    } else if (isCurrent) this.#idle.push(instance);
    else this.#end(instance);
    this.#idleTimer ??= setTimeout(() => this.#endIdle(), IDLE_MS).unref();
    this.#idleTimer.refresh();
  }

  #outdateInstances(): void {
    for (const instance of [...this.#idle]) this.#end(instance);
    for (const instance of this.#instances.keys()) this.#outdated.add(instance);
  }

  #endIdle(): void {
    for (const instance of this.#idle.slice(0, -KEPT_WARM)) this.#end(instance);
  }

  #end(instance: FunctionInstance): void {
    const at = this.#idle.indexOf(instance);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#instances.delete(instance);
    this.#outdated.delete(instance);
    void instance.stop();
  }

  #start(tenantId: TenantId): FunctionInstance {
    const {
      isolatesTenants: _,
      asyncRetries: _1,
      refusal: _2,
      reservedConcurrency: _3,
      measure: _4,
      faults: _5,
      ...options
    } = this.#options;
    const instance = new FunctionInstance(options);
    this.#instances.set(instance, tenantId);
    return instance;
  }
}
