/** The service's own signing keys, made from a secret that only functions can read. */
import type { SecretVersions } from './secret-versions.ts';
import { type SigningKey, signingKeyFrom } from './signature.ts';

export class SigningKeys {
  readonly #versions: Pick<SecretVersions, 'get'>;

  constructor(versions: Pick<SecretVersions, 'get'>) {
    this.#versions = versions;
  }

  /** The key of the secret's current version, then that of the version before it: both sign, and both are published. */
  async get(): Promise<readonly SigningKey[]> {
    const { current, previous } = await this.#versions.get();
    return [signingKeyFrom(current), ...usable(previous)];
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
