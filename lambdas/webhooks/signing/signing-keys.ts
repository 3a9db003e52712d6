/** Derives the service's signing keys from a secret that only functions can read. */
import { log } from '../../shared/observability/log.ts';
import type { SecretVersions } from './secret-versions.ts';
import { type SigningKey, signingKeyFrom } from './signature.ts';

export class SigningKeys {
  readonly #versions: Pick<SecretVersions, 'get'>;

  constructor(versions: Pick<SecretVersions, 'get'>) {
    this.#versions = versions;
  }

  /** Returns the key of the secret's current version, then that of the previous version. Both sign; both are published. */
  async get(): Promise<readonly SigningKey[]> {
    const { current, previous } = await this.#versions.get();
    return [signingKeyFrom(current), ...usable(previous)];
  }
}

/** Skips an invalid previous text: it never signed anything, and must not stop the current key from signing. */
function usable(previous: string | undefined): SigningKey[] {
  try {
    return previous === undefined ? [] : [signingKeyFrom(previous)];
  } catch (error) {
    log.warn('The previous version of the signing secret is invalid and skipped', { error });
    return [];
  }
}
