/**
 * Encrypts ("seals") endpoint secrets, so that a reader of the table, a backup or an export cannot sign anything. The
 * cipher is AES-256-GCM, with a key derived from a text in Secrets Manager:
 *
 *     sealed.v1.<key id>.<nonce, ciphertext and tag in base64url>
 *
 * The owner and the endpoint are additional data: on another item, a sealed secret does not open. The sealing key has its
 * own text, apart from the signing key's. The signing key may rotate any day; a sealed secret must open while stored.
 */
import { createHash } from 'node:crypto';
import { openText, sealingKey, sealText } from '../../shared/sealed-text.ts';
import type { SecretVersions } from '../signing/secret-versions.ts';
import type { Endpoint, EndpointSecret } from './endpoint.ts';

type EndpointRef = Pick<Endpoint, 'owner' | 'endpointId'>;

interface Key {
  /** Identifies the key without revealing it. */
  readonly id: string;
  readonly bytes: Buffer;
}

const SEALED = /^sealed\.v1\.([0-9a-f]{8})\.([\w-]+)$/;

export class SecretSeal {
  readonly #versions: Pick<SecretVersions, 'get'>;

  constructor(versions: Pick<SecretVersions, 'get'>) {
    this.#versions = versions;
  }

  /** Returns a different text each time, even for the same secret. */
  async seal(endpoint: EndpointRef, secret: string): Promise<string> {
    const { current } = await this.#versions.get();
    const { id, bytes } = keyFrom(current);
    return `sealed.v1.${id}.${sealText(bytes, additionalData(endpoint), secret)}`;
  }

  /** @throws Error for a text sealed for another endpoint or under an unknown key; the error does not show the text */
  async open(endpoint: EndpointRef, sealed: string): Promise<string> {
    const [, id, content = ''] = SEALED.exec(sealed) ?? [];
    const key = (await this.#keys()).find((each) => each.id === id);
    if (!key)
      throw new Error(
        `A secret of ${endpoint.endpointId} is sealed under an unknown key (${id ?? 'none'}). Rotate the endpoint's secret.`,
      );
    return openText(key.bytes, additionalData(endpoint), content);
  }

  /** Returns the endpoint with its secrets opened, ready to sign. @throws Error as `open` does */
  async openEndpoint<E extends Endpoint>(endpoint: E): Promise<E> {
    return { ...endpoint, secrets: await this.#mapped(endpoint, (value) => this.open(endpoint, value)) };
  }

  /** @returns all secrets sealed again when one is not under the current key; else undefined */
  async resealSecrets(endpoint: Endpoint): Promise<readonly EndpointSecret[] | undefined> {
    const { current } = await this.#versions.get();
    const isCurrent = ({ value }: EndpointSecret) => SEALED.exec(value)?.[1] === keyFrom(current).id;
    if (endpoint.secrets.every(isCurrent)) return undefined;
    return this.#mapped(endpoint, async (value) => this.seal(endpoint, await this.open(endpoint, value)));
  }

  #mapped(
    { secrets }: Endpoint,
    change: (value: string) => Promise<string>,
  ): Promise<readonly EndpointSecret[]> {
    return Promise.all(secrets.map(async (secret) => ({ ...secret, value: await change(secret.value) })));
  }

  async #keys(): Promise<readonly Key[]> {
    const { current, previous } = await this.#versions.get();
    return [current, ...(previous === undefined ? [] : [previous])].map(keyFrom);
  }
}

function keyFrom(text: string): Key {
  const bytes = sealingKey(text, 'endpoint secrets');
  const id = createHash('sha256').update('key id').update(bytes).digest('hex').slice(0, 8);
  return { id, bytes };
}

function additionalData({ owner, endpointId }: EndpointRef): string {
  return JSON.stringify([owner, endpointId]);
}
