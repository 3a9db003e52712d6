/** Starts a function of the template in a process of its own, with the CPU that its memory buys once it is initialized. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LocalCloud } from '../local/cloud.ts';
import { readAssembly } from '../local/template/assembly.ts';
import { createResolver } from '../local/template/intrinsics.ts';
import { CpuQuota, cpusOf } from './cpu-quota.ts';
import type { FromFunction, ToFunction } from './function-child.ts';

/** A function as the template describes it. */
export interface DeployedFunction {
  readonly bundle: string;
  readonly memoryMb: number;
  readonly variables: Readonly<Record<string, string>>;
}

/** @param description the beginning of the function's description @param cloud runs the same assembly */
export async function functionOf(
  directory: string,
  description: string,
  { url, environment }: LocalCloud,
): Promise<DeployedFunction> {
  const assembly = await readAssembly(directory);
  const addresses = { api: url, sqs: environment.AWS_ENDPOINT_URL_SQS ?? '' };
  const resolve = createResolver({ ...assembly, addresses });
  const found = Object.values(assembly.template.Resources).find(
    ({ Type, Properties = {} }) =>
      Type === 'AWS::Lambda::Function' && String(Properties.Description).startsWith(description),
  );
  if (!found) throw new Error(`The template has no function "${description}".`);
  const { Code, Environment, MemorySize } = found.Properties as unknown as {
    readonly Code: { readonly S3Key: string };
    readonly Environment: { readonly Variables: Readonly<Record<string, unknown>> };
    readonly MemorySize: number;
  };
  return {
    bundle: join(assembly.assetDirectory(Code.S3Key), 'index.mjs'),
    memoryMb: MemorySize,
    variables: { ...(resolve(Environment.Variables) as Record<string, string>), ...environment },
  };
}

/** One instance of a function. */
export class FunctionProcess {
  readonly #child: ChildProcess;
  readonly #quota: CpuQuota | undefined;

  private constructor(child: ChildProcess, quota: CpuQuota | undefined) {
    this.#child = child;
    this.#quota = quota;
  }

  /** Starts the runtime, without the function. */
  static async start({ memoryMb, variables }: DeployedFunction): Promise<FunctionProcess> {
    const entry = fileURLToPath(new URL('function-child.ts', import.meta.url));
    const child = fork(entry, {
      env: { PATH: process.env.PATH, ...variables },
      // As Lambda's runtime starts Node.js.
      execArgv: [
        '--expose-gc',
        `--max-semi-space-size=${Math.floor(memoryMb / 20)}`,
        `--max-old-space-size=${memoryMb - Math.floor(memoryMb / 10)}`,
      ],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const quota = await CpuQuota.create();
    if (child.pid) await quota?.add(child.pid);
    return new FunctionProcess(child, quota);
  }

  /** Initializes the function with a whole CPU, as Lambda does. From then on it has that of its memory. */
  async initialize({ bundle, memoryMb }: DeployedFunction): Promise<FromFunction> {
    const init = await this.#send({ bundle });
    await this.#quota?.set(Math.min(1, cpusOf(memoryMb)));
    return init;
  }

  call(event: unknown): Promise<FromFunction> {
    return this.#send({ event });
  }

  async close(): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) {
      const exited = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await exited;
    }
    await this.#quota?.close();
  }

  /** @throws Error when the process ends, as without memory */
  async #send(message: ToFunction): Promise<FromFunction> {
    const settled = new AbortController();
    const { signal } = settled;
    const ended = once(this.#child, 'exit', { signal }).then(([code, killedBy]) => {
      throw new Error(`The function ended with ${killedBy ?? `exit code ${code}`}.`);
    });
    this.#child.send(message);
    try {
      const [response] = await Promise.race([once(this.#child, 'message', { signal }), ended]);
      return response;
    } finally {
      settled.abort();
    }
  }
}
