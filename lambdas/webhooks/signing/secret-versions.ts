/** Reads the current and the previous text of a secret in Secrets Manager, at most once in five minutes. */
import type { SignedFetch } from '../../shared/aws/signed-fetch.ts';

export interface Versions {
  readonly current: string;
  /** Absent when the secret was never replaced. */
  readonly previous?: string;
}

/** How long a running function may use a replaced secret. */
const CACHE_MS = 5 * 60 * 1000;
/** For one request, its retries included. */
const TIMEOUT_MS = 5_000;

export class SecretVersions {
  readonly #fetch: SignedFetch;
  readonly #secretArn: string;
  readonly #now: () => number;
  #cached: { readonly versions: Promise<Versions>; readonly until: number } | undefined;

  /** @param now epoch milliseconds @default Date.now */
  constructor(fetch: SignedFetch, secretArn: string, now: () => number = Date.now) {
    this.#fetch = fetch;
    this.#secretArn = secretArn;
    this.#now = now;
  }

  /**
   * Sends two requests, or none while the cache is valid.
   * @throws Error when Secrets Manager responds with an error or not within 5 s, or the secret has no text
   */
  async get(): Promise<Versions> {
    if (!this.#cached || this.#cached.until <= this.#now()) {
      const versions = this.#read();
      // A failed read is not cached.
      versions.catch(() => {
        this.#cached = undefined;
      });
      this.#cached = { versions, until: this.#now() + CACHE_MS };
    }
    return this.#cached.versions;
  }

  async #read(): Promise<Versions> {
    const [current, previous] = await Promise.all([
      this.#version('AWSCURRENT'),
      this.#version('AWSPREVIOUS'),
    ]);
    if (!current) throw new Error(`The secret ${this.#secretArn} has no text. Store a SecretString in it.`);
    return { current, ...(previous && { previous }) };
  }

  /** @returns undefined when the secret has no such version */
  async #version(VersionStage: 'AWSCURRENT' | 'AWSPREVIOUS'): Promise<string | undefined> {
    const response = await this.#fetch('/', {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'secretsmanager.GetSecretValue',
      },
      body: JSON.stringify({ SecretId: this.#secretArn, VersionStage }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const result = (await response.json()) as {
      readonly SecretString?: string;
      readonly __type?: string;
      readonly message?: string;
      readonly Message?: string;
    };
    if (response.ok) return result.SecretString;
    if (VersionStage === 'AWSPREVIOUS' && result.__type?.endsWith('ResourceNotFoundException'))
      return undefined;
    throw new Error(
      `Secrets Manager responded ${response.status} ${result.__type}: ${result.message ?? result.Message}`,
    );
  }
}
