/**
 * Limits the CPU of a process with a control group of Linux. It stands in for what Lambda gives a function: the share of a CPU
 * that its memory buys, in periods of 20 ms as public measurements show them. It says nothing of Lambda's own hardware.
 */
import { access, mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Memory of one vCPU. */
export const FULL_CPU_MB = 1_769;
const PERIOD_US = 20_000;
/** Version 2 has one hierarchy, version 1 one for each controller. */
const ROOTS = ['/sys/fs/cgroup/cpu', '/sys/fs/cgroup'] as const;

let groups = 0;

/** Returns the CPUs of a function with this memory: 0.29 with 512 MB. */
export function cpusOf(memoryMb: number): number {
  return memoryMb / FULL_CPU_MB;
}

/** A group of processes with a common quota. The processes that they start belong to it too. */
export class CpuQuota {
  readonly #directory: string;
  readonly #isVersion2: boolean;

  private constructor(directory: string, isVersion2: boolean) {
    this.#directory = directory;
    this.#isVersion2 = isVersion2;
  }

  /** @returns undefined where this user cannot create control groups */
  static async create(): Promise<CpuQuota | undefined> {
    for (const root of ROOTS) {
      const directory = join(root, `bench-${process.pid}-${groups++}`);
      try {
        const isVersion2 = await exists(join(root, 'cgroup.controllers'));
        if (isVersion2) await writeFile(join(root, 'cgroup.subtree_control'), '+cpu');
        await mkdir(directory);
        const quota = new CpuQuota(directory, isVersion2);
        await quota.set(1);
        return quota;
      } catch {
        await rmdir(directory).catch(() => {});
      }
    }
    return undefined;
  }

  /** @param cpus such as 0.29; one thread uses at most 1 */
  async set(cpus: number): Promise<void> {
    const quotaUs = Math.round(cpus * PERIOD_US);
    // The highest weight: other programs of a busy machine take little of what the quota leaves.
    await writeFile(
      join(this.#directory, this.#isVersion2 ? 'cpu.weight' : 'cpu.shares'),
      this.#isVersion2 ? '10000' : '262144',
    );
    if (this.#isVersion2) return writeFile(join(this.#directory, 'cpu.max'), `${quotaUs} ${PERIOD_US}`);
    await writeFile(join(this.#directory, 'cpu.cfs_period_us'), String(PERIOD_US));
    await writeFile(join(this.#directory, 'cpu.cfs_quota_us'), String(quotaUs));
  }

  /** Moves a process with all of its threads. */
  async add(pid: number): Promise<void> {
    await writeFile(join(this.#directory, 'cgroup.procs'), String(pid));
  }

  /** @returns MiB that its processes hold now; each page that they share counts once */
  async memoryMb(): Promise<number> {
    const pids = await readFile(join(this.#directory, 'cgroup.procs'), 'utf8');
    const sizes = pids.split('\n').map(async (pid) => {
      // A process may have ended since.
      const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
      return Number(/^Pss: +(\d+) kB$/m.exec(rollup)?.[1] ?? 0);
    });
    return (await Promise.all(sizes)).reduce((sum, kb) => sum + kb, 0) / 1_024;
  }

  /** Removes the group, when its processes have ended. */
  async close(): Promise<void> {
    await rmdir(this.#directory);
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
