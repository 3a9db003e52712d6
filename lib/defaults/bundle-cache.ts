/** Keeps bundles on disk, for the local cloud and tests, until one of their sources changes. */
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** A bundle that no app has used for this time is removed. */
const KEPT_MS = 7 * 24 * 60 * 60 * 1000;
/** A process that takes longer for a bundle has ended, or is stuck. */
const MAKING_MS = 30_000;
const POLL_MS = 20;

/** What a bundler returns. */
export interface MadeBundle {
  readonly code: string;
  /** Paths of all files that the bundle contains, or that decide what it contains. */
  readonly sources: readonly string[];
}

interface CachedBundle {
  readonly code: string;
  /** Version of each source by path. */
  readonly sources: Readonly<Record<string, string>>;
}

export class BundleCache {
  readonly #directory: string;
  /** Bundles share most of their sources. */
  readonly #versions = new Map<string, string>();

  /** @param directory is created for the first bundle; several processes may use it */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Returns the code of a bundle, and makes it when it is not cached. Waits while another process makes it.
   * @param key what the bundle depends on, besides its sources
   * @throws what `make` throws
   */
  readOrMake(key: unknown, make: () => MadeBundle): string {
    const cached = this.read(key);
    if (cached !== undefined) return cached;
    mkdirSync(this.#directory, { recursive: true });
    const claim = `${this.#file(key)}.claim`;
    if (!claims(claim)) {
      while (isNew(claim)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);
      const made = this.read(key);
      if (made !== undefined) return made;
    }
    try {
      const { code, sources } = make();
      this.save(key, code, sources);
      return code;
    } finally {
      rmSync(claim, { force: true });
    }
  }

  /**
   * Returns the code of a bundle; undefined when it is not cached or a source has changed since.
   * @param key what the bundle depends on, besides its sources
   */
  read(key: unknown): string | undefined {
    const file = this.#file(key);
    try {
      const { code, sources } = JSON.parse(readFileSync(file, 'utf8')) as CachedBundle;
      const isCurrent = Object.entries(sources).every(([path, version]) => this.#version(path) === version);
      if (!isCurrent) return undefined;
      const now = new Date();
      utimesSync(file, now, now);
      return code;
    } catch {
      // Not cached, or another process removes it.
      return undefined;
    }
  }

  /** @param sources paths of all files that the bundle contains, or that decide what it contains */
  save(key: unknown, code: string, sources: readonly string[]): void {
    const versions = sources.map((path) => [path, this.#version(path)]);
    const file = this.#file(key);
    mkdirSync(this.#directory, { recursive: true });
    this.#removeOld();
    // Other processes read the cache at the same time.
    const written = `${file}.${process.pid}`;
    writeFileSync(written, JSON.stringify({ code, sources: Object.fromEntries(versions) }));
    renameSync(written, file);
  }

  #file(key: unknown): string {
    return join(this.#directory, `${createHash('sha256').update(JSON.stringify(key)).digest('hex')}.json`);
  }

  #version(path: string): string {
    const known = this.#versions.get(path);
    if (known !== undefined) return known;
    const stats = statSync(path, { throwIfNoEntry: false });
    // The change time: archives set the modification time.
    const version = stats ? `${stats.ctimeMs} ${stats.size}` : 'none';
    this.#versions.set(path, version);
    return version;
  }

  #removeOld(): void {
    for (const name of readdirSync(this.#directory)) {
      const path = join(this.#directory, name);
      const { mtimeMs = Date.now() } = statSync(path, { throwIfNoEntry: false }) ?? {};
      if (Date.now() - mtimeMs > KEPT_MS) rmSync(path, { force: true });
    }
  }
}

/** Returns whether this process may make what the file stands for: no other process has claimed it. */
function claims(file: string): boolean {
  try {
    writeFileSync(file, '', { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

function isNew(file: string): boolean {
  const { mtimeMs = 0 } = statSync(file, { throwIfNoEntry: false }) ?? {};
  return Date.now() - mtimeMs < MAKING_MS;
}
