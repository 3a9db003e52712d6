/** Lambda: each function is a pool of warm instances, and a queue when all of them are busy. */
import { FunctionInstance, type InstanceOptions, type OnChunk } from './function-instance.ts';

/** Lambda's limit of a request that waits for its answer. */
export const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;
/** Where AWS would start as many instances as there are invocations; a laptop would choke on them. */
const MAX_INSTANCES = 8;
/** Idle instances beyond two are ended when the function has had nothing to do for a minute: threads cost memory. */
const KEPT_WARM = 2;
const IDLE_MS = 60_000;

export class LambdaFunction {
  readonly #options: InstanceOptions;
  readonly #instances = new Set<FunctionInstance>();
  readonly #idle: FunctionInstance[] = [];
  readonly #waiting: ((instance: FunctionInstance) => void)[] = [];
  #idleTimer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: InstanceOptions) {
    this.#options = options;
  }

  /**
   * Runs the handler, when an instance is free.
   * @param onChunk receives a streamed response; without it, the chunks are the result.
   * @returns the result as JSON text, or what was streamed. @throws FunctionError
   */
  async invoke(payload: string, onChunk?: OnChunk): Promise<string> {
    const instance = await this.#acquire();
    const chunks: Buffer[] = [];
    const collect: OnChunk = async (chunk) => void chunks.push(chunk);
    try {
      const result = await instance.invoke(payload, onChunk ?? collect);
      return result || Buffer.concat(chunks).toString();
    } catch (error) {
      this.#options.onLine(`Invoke Error ${(error as Error).message}`);
      throw error;
    } finally {
      this.#release(instance);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#idleTimer);
    await Promise.all([...this.#instances].map((instance) => instance.stop()));
  }

  /** Ends every instance in the middle of whatever it does. @returns how many there were */
  interrupt(): number {
    const running = [...this.#instances].filter(({ usable }) => usable);
    for (const instance of running) instance.crash();
    return running.length;
  }

  async #acquire(): Promise<FunctionInstance> {
    if (this.#stopped)
      throw new Error(`${this.#options.functionName} is stopped: the local cloud is closing.`);
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (idle.usable) return idle;
      this.#instances.delete(idle);
    }
    if (this.#instances.size < MAX_INSTANCES) return this.#start();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #release(instance: FunctionInstance): void {
    if (!instance.usable) this.#instances.delete(instance);
    const next = this.#stopped ? undefined : this.#waiting.shift();
    if (next) next(instance.usable ? instance : this.#start());
    else if (instance.usable) this.#idle.push(instance);
    this.#idleTimer ??= setTimeout(() => this.#retire(), IDLE_MS).unref();
    this.#idleTimer.refresh();
  }

  #retire(): void {
    for (const instance of this.#idle.splice(0, Math.max(0, this.#idle.length - KEPT_WARM))) {
      this.#instances.delete(instance);
      void instance.stop();
    }
  }

  #start(): FunctionInstance {
    const instance = new FunctionInstance(this.#options);
    this.#instances.add(instance);
    return instance;
  }
}
