/** Stores secrets in memory and in one file: the current and the previous value of each. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface SecretVersion {
  readonly versionId: string;
  readonly secretString: string;
  /** Milliseconds since 1970. */
  readonly createdDate: number;
}

export const STAGES = ['AWSCURRENT', 'AWSPREVIOUS'] as const;
export type Stage = (typeof STAGES)[number];

/** A secret without a value has no version. One that was never changed has no previous version. */
export type Secret = Readonly<Partial<Record<Stage, SecretVersion>>>;

export class SecretStore {
  readonly #file: string | undefined;
  readonly #secrets: Map<string, Secret>;

  /** @param file that keeps the secrets; undefined keeps them in memory */
  constructor(file: string | undefined) {
    this.#file = file;
    const kept = file && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
    this.#secrets = new Map(Object.entries(kept));
  }

  get(name: string): Secret | undefined {
    return this.#secrets.get(name);
  }

  set(name: string, secret: Secret): void {
    this.#secrets.set(name, secret);
    if (!this.#file) return;
    mkdirSync(dirname(this.#file), { recursive: true });
    // Replaces the file atomically. Only its owner can read it.
    const text = JSON.stringify(Object.fromEntries(this.#secrets));
    writeFileSync(`${this.#file}.new`, text, { mode: 0o600 });
    renameSync(`${this.#file}.new`, this.#file);
  }
}
