/** The service's own signing keys, made from a secret that only functions can read. */
import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { type SigningKey, signingKeyFrom } from './signature.ts';

/** How long a function that runs goes on with keys that have been replaced. */
const CACHE_MS = 5 * 60 * 1000;

export class SigningKeys {
  readonly #client: SecretsManagerClient;
  readonly #secretArn: string;
  readonly #now: () => number;
  #cached: { readonly keys: Promise<readonly SigningKey[]>; readonly until: number } | undefined;

  /** @param now epoch milliseconds @default Date.now */
  constructor(client: SecretsManagerClient, secretArn: string, now: () => number = Date.now) {
    this.#client = client;
    this.#secretArn = secretArn;
    this.#now = now;
  }

  /** The key of the secret's current version, then that of the version before it: both sign, and both are published. */
  async get(): Promise<readonly SigningKey[]> {
    if (!this.#cached || this.#cached.until <= this.#now()) {
      const keys = this.#read();
      // What could not be read is asked for again.
      keys.catch(() => {
        this.#cached = undefined;
      });
      this.#cached = { keys, until: this.#now() + CACHE_MS };
    }
    return this.#cached.keys;
  }

  async #read(): Promise<readonly SigningKey[]> {
    const [current, previous] = await Promise.all([
      this.#version('AWSCURRENT'),
      this.#version('AWSPREVIOUS'),
    ]);
    if (current === undefined) throw new Error(`The secret ${this.#secretArn} has no text.`);
    return [signingKeyFrom(current), ...usable(previous)];
  }

  /** @returns undefined when the secret has no such version: it was never replaced. */
  async #version(VersionStage: string): Promise<string | undefined> {
    try {
      const { SecretString } = await this.#client.send(
        new GetSecretValueCommand({ SecretId: this.#secretArn, VersionStage }),
      );
      return SecretString;
    } catch (error) {
      if (error instanceof ResourceNotFoundException && VersionStage === 'AWSPREVIOUS') return undefined;
      throw error;
    }
  }
}

/** A former text that was no good has signed nothing, and must not keep its successor from signing. */
function usable(previous: string | undefined): SigningKey[] {
  try {
    return previous === undefined ? [] : [signingKeyFrom(previous)];
  } catch (error) {
    console.warn({ message: 'The former version of the signing secret is passed over', error });
    return [];
  }
}
