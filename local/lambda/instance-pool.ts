/** Keeps the warm instances of a function: starts, reuses and ends them, and queues invocations when all are busy. */
import { availableParallelism } from 'node:os';
import { FunctionInstance, type InstanceOptions } from './function-instance.ts';

/** AWS would start an instance for each concurrent invocation, which would overload a laptop. */
const MAX_INSTANCES = 8;
/**
 * AWS starts an instance as soon as all are busy. Here a start takes 200 ms of the CPU that the busy ones need, and most
 * invocations take a few milliseconds: the next one waits this long for a busy instance first.
 */
const PATIENCE_MS = 100;
/** Instances beyond one a core do not make short invocations faster. They get one when an invocation waits for this time. */
const LONG_WAIT_MS = 500;
/**
 * On a busy machine every invocation is long. Each further instance compiles the code anew, and makes all slower: beyond this number,
 * the pool waits longer before it grows.
 */
const SOFT_LIMIT = 2 * availableParallelism();
const BUSY_PATIENCE_TICKS = 10;
const BUSY_WAIT_MS = 2_000;
/**
 * An instance needs a tenth of a second to load, and another for its first invocation. One that needs longer is on a busy machine, or
 * its invocation is long: others are started beside it.
 */
const STARTING_MS = 1_000;
/** After this time without an invocation, an instance is stopped when it is not the last: threads cost memory. */
const IDLE_MS = 10_000;

/** AWS rejects the invocation, because the reserved concurrency of the function is used up. */
export class ThrottledError extends Error {
  override readonly name = 'TooManyRequestsException';
}

/** The tenant of an instance; undefined without tenant isolation. */
export type TenantId = string | undefined;

export interface PoolOptions {
  readonly instance: InstanceOptions;
  /** Maximum concurrent invocations. @default not limited */
  readonly reservedConcurrency?: number;
}

interface Waiting {
  readonly tenantId: TenantId;
  readonly sinceMs: number;
  readonly resolve: (instance: FunctionInstance) => void;
  readonly reject: (error: Error) => void;
}

interface Member {
  readonly tenantId: TenantId;
  /** On the clock of the process. The start of the instance, as long as it has had no invocation. */
  readonly idleSinceMs: number;
}

export class InstancePool {
  #options: PoolOptions;
  readonly #members = new Map<FunctionInstance, Member>();
  /** The last one was used last. */
  readonly #idle: FunctionInstance[] = [];
  /** Busy instances of earlier code. */
  readonly #outdated = new Set<FunctionInstance>();
  readonly #waiting: Waiting[] = [];
  #growth: NodeJS.Timeout | undefined;
  /** How often the timer has run since an instance took the next invocation. */
  #stillTicks = 0;
  #idleTimer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Replaces code and configuration. Busy instances end after their invocation. */
  update(options: PoolOptions): void {
    this.#options = options;
    this.#outdateInstances();
  }

  /** Gives out no further instance. Busy ones end after their invocation. */
  retire(): void {
    this.#stopped = true;
    this.#outdateInstances();
    for (const { reject } of this.#waiting.splice(0)) reject(this.#stoppedError());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#idleTimer);
    clearTimeout(this.#growth);
    await Promise.all([...this.#members.keys()].map((instance) => instance.stop()));
  }

  /** Crashes every instance, in the middle of its work. @returns the number of instances */
  interrupt(): number {
    const running = [...this.#members.keys()].filter(({ usable }) => usable);
    for (const instance of running) instance.crash();
    return running.length;
  }

  /**
   * Returns an instance of the tenant, as soon as one is free. The caller releases it after the invocation.
   * @param isQueued waits for reserved concurrency
   * @param maxWaitMs longest wait for an instance. @default no limit
   * @throws ThrottledError when the reserved concurrency is used up; Error after the longest wait
   */
  async acquire(tenantId: TenantId, isQueued: boolean, maxWaitMs?: number): Promise<FunctionInstance> {
    if (this.#stopped) throw this.#stoppedError();
    for (const idle of this.#idle
      .filter((instance) => this.#members.get(instance)?.tenantId === tenantId)
      .reverse()) {
      this.#idle.splice(this.#idle.indexOf(idle), 1);
      if (idle.usable) return idle;
      this.#members.delete(idle);
    }
    const [longestIdle] = this.#idle;
    if (this.#isFull && longestIdle) this.#end(longestIdle);
    const { reservedConcurrency: reserved } = this.#options;
    if (reserved !== undefined && this.#members.size >= reserved && !isQueued)
      throw new ThrottledError('Rate Exceeded.');
    // With reserved concurrency, an invocation that waited would count: AWS would throttle the next.
    const waits = reserved === undefined && this.#hasBusy(tenantId);
    if (!this.#isFull && !waits) return this.#start(tenantId);
    if (this.#growth === undefined) {
      this.#stillTicks = 0;
      this.#awaitGrowth();
    }
    const { promise, resolve, reject } = Promise.withResolvers<FunctionInstance>();
    const waiting = { tenantId, sinceMs: performance.now(), resolve, reject };
    this.#waiting.push(waiting);
    if (maxWaitMs === undefined) return promise;
    const timer = setTimeout(() => {
      const at = this.#waiting.indexOf(waiting);
      if (at >= 0) this.#waiting.splice(at, 1);
      reject(new Error(`Dropped after ${maxWaitMs} ms, the maximum age of the event.`));
    }, maxWaitMs);
    return promise.finally(() => clearTimeout(timer));
  }

  /** Takes an instance back, and gives it or another one to the next invocation. */
  release(instance: FunctionInstance): void {
    const { tenantId } = this.#members.get(instance) ?? {};
    const isCurrent = instance.usable && !this.#outdated.has(instance);
    const next = this.#stopped ? undefined : this.#nextFor(tenantId);
    if (next) {
      this.#stillTicks = 0;
      const isFor = isCurrent && next.tenantId === tenantId;
      if (!isFor) this.#end(instance);
      next.resolve(isFor ? instance : this.#start(next.tenantId));
    } else if (isCurrent) {
      this.#idle.push(instance);
      this.#members.set(instance, { tenantId, idleSinceMs: performance.now() });
    } else this.#end(instance);
    this.#idleTimer ??= setInterval(() => this.#endIdle(), IDLE_MS / 2).unref();
  }

  get #isFull(): boolean {
    const { reservedConcurrency = MAX_INSTANCES } = this.#options;
    return this.#members.size >= Math.min(MAX_INSTANCES, reservedConcurrency);
  }

  /** Returns whether the tenant has a busy instance that can take further invocations. */
  #hasBusy(tenantId: TenantId): boolean {
    return [...this.#members].some(
      ([instance, member]) =>
        member.tenantId === tenantId && instance.usable && !this.#outdated.has(instance),
    );
  }

  /** Removes and returns the invocation that waits longest: of the tenant, or of any when the pool is full. */
  #nextFor(tenantId: TenantId): Waiting | undefined {
    const at = this.#isFull ? 0 : this.#waiting.findIndex((waiting) => waiting.tenantId === tenantId);
    return at < 0 ? undefined : this.#waiting.splice(at, 1)[0];
  }

  #awaitGrowth(): void {
    this.#growth = setTimeout(() => this.#grow(), PATIENCE_MS);
  }

  #grow(): void {
    this.#growth = undefined;
    if (this.#waiting.length === 0) return;
    this.#stillTicks += 1;
    for (let count = this.#missing(); count > 0 && !this.#isFull; count--) {
      this.#stillTicks = 0;
      const next = this.#waiting.shift();
      next?.resolve(this.#start(next.tenantId));
    }
    this.#awaitGrowth();
  }

  /** Returns how many instances to start. When none has taken another invocation, all are long: one for each that waits. */
  #missing(): number {
    const instances = [...this.#members.keys()];
    if (instances.some(({ startingMs }) => startingMs < STARTING_MS)) return 0;
    const belowLimit = SOFT_LIMIT - instances.length;
    const isBusy = belowLimit <= 0;
    if (this.#stillTicks >= (isBusy ? BUSY_PATIENCE_TICKS : 1))
      return isBusy ? this.#waiting.length : belowLimit;
    const waitedMs = performance.now() - (this.#waiting[0]?.sinceMs ?? 0);
    return instances.length < availableParallelism() || waitedMs > (isBusy ? BUSY_WAIT_MS : LONG_WAIT_MS)
      ? 1
      : 0;
  }

  #stoppedError(): Error {
    return new Error(
      `${this.#options.instance.functionName} is stopped, because the local cloud closes or an update removed it. Deploy it again.`,
    );
  }

  #outdateInstances(): void {
    for (const instance of [...this.#idle]) this.#end(instance);
    for (const instance of this.#members.keys()) this.#outdated.add(instance);
  }

  /** Keeps the one that was used last. */
  #endIdle(): void {
    const beforeMs = performance.now() - IDLE_MS;
    for (const instance of this.#idle.slice(0, -1)) {
      if ((this.#members.get(instance)?.idleSinceMs ?? 0) < beforeMs) this.#end(instance);
    }
  }

  #end(instance: FunctionInstance): void {
    const at = this.#idle.indexOf(instance);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#members.delete(instance);
    this.#outdated.delete(instance);
    void instance.stop();
  }

  #start(tenantId: TenantId): FunctionInstance {
    const instance = new FunctionInstance(this.#options.instance);
    this.#members.set(instance, { tenantId, idleSinceMs: performance.now() });
    return instance;
  }
}
