/** Stores secrets in memory and in one file: the current and the previous value of each. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { notWritten, type OnFailure, readJson, replaceFile } from '../shared/data-files.ts';

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

const REMEDY =
  'Restore it from a copy, or delete the data directory: what is sealed under these secrets cannot be opened without them.';

export class SecretStore {
  readonly #file: string | undefined;
  readonly #onFailure: OnFailure;
  readonly #secrets: Map<string, Secret>;

  /**
   * @param file that keeps the secrets; undefined keeps them in memory
   * @throws Error naming a damaged file and the remedy
   */
  constructor(file: string | undefined, onFailure: OnFailure) {
    this.#file = file;
    this.#onFailure = onFailure;
    const kept = file && readJson<Record<string, Secret>>(file, areSecrets, REMEDY);
    this.#secrets = new Map(Object.entries(kept || {}));
  }

  get(name: string): Secret | undefined {
    return this.#secrets.get(name);
  }

  set(name: string, secret: Secret): void {
    this.#secrets.set(name, secret);
    if (!this.#file) return;
    const text = JSON.stringify(Object.fromEntries(this.#secrets));
    try {
      mkdirSync(dirname(this.#file), { recursive: true });
      // Only its owner can read it.
      replaceFile(this.#file, text, 0o600);
    } catch (error) {
      const failure = notWritten(this.#file, error);
      this.#onFailure(failure);
      throw failure;
    }
  }
}

function areSecrets(secrets: Readonly<Record<string, Secret>>): boolean {
  const versions = Object.values(secrets).flatMap((secret) => Object.values(secret ?? { none: undefined }));
  return versions.every((version) => typeof version?.secretString === 'string');
}
