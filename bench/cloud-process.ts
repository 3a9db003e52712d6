/** Runs a local cloud in a process of its own, as `npm start` does: the client of a benchmark does not share its CPU and memory. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LocalCloud } from '../local/cloud.ts';
import type { MemoryMb } from './cloud-child.ts';

export class CloudProcess {
  readonly cloud: Pick<LocalCloud, 'url' | 'outputs' | 'environment'>;
  readonly #child: ChildProcess;

  private constructor(cloud: CloudProcess['cloud'], child: ChildProcess) {
    this.cloud = cloud;
    this.#child = child;
  }

  static async start(assemblyDirectory: string): Promise<CloudProcess> {
    const child = fork(fileURLToPath(new URL('cloud-child.ts', import.meta.url)), [assemblyDirectory], {
      execArgv: ['--conditions=mcp-async-operations-source', '--expose-gc'],
    });
    const [cloud] = await once(child, 'message');
    return new CloudProcess(cloud, child);
  }

  /** Collects garbage first. */
  async memory(): Promise<MemoryMb> {
    this.#child.send('memory');
    const [memory] = await once(this.#child, 'message');
    return memory;
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }
}
