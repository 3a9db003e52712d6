/**
 * The secrets of endpoints as they lie in the table: sealed, so that who can read the table, a backup or an export of it
 * can sign nothing. AES-256-GCM under a key that is made from a text in Secrets Manager:
 *
 *     sealed.v1.<key id>.<nonce, ciphertext and tag in base64url>
 *
 * The owner and the endpoint go into it as additional data: on another item it does not open. The text is another than
 * that of the signing key, which may be replaced any day: what is sealed must open for as long as it lies there.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import type { SecretVersions } from '../signing/secret-versions.ts';
import type { Endpoint, EndpointSecret } from './endpoint.ts';

type Place = Pick<Endpoint, 'owner' | 'endpointId'>;

interface Key {
  /** Says which key it was, and nothing of the key. */
  readonly id: string;
  readonly bytes: Buffer;
}

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SEALED = /^sealed\.v1\.([0-9a-f]{8})\.([\w-]+)$/;

export class SecretSeal {
  readonly #versions: Pick<SecretVersions, 'get'>;

  constructor(versions: Pick<SecretVersions, 'get'>) {
    this.#versions = versions;
  }

  /** Each time another text, also for the same secret. */
  async seal(place: Place, secret: string): Promise<string> {
    const { current } = await this.#versions.get();
    const { id, bytes } = keyFrom(current);
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, bytes, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(additionalData(place));
    const sealed = Buffer.concat([nonce, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `sealed.v1.${id}.${sealed.toString('base64url')}`;
  }

  /** @throws Error for what was not sealed for this place, or under a key that is gone; it does not show the text */
  async open(place: Place, sealed: string): Promise<string> {
    const [, id, content = ''] = SEALED.exec(sealed) ?? [];
    const key = (await this.#keys()).find((each) => each.id === id);
    if (!key)
      throw new Error(
        `A secret of ${place.endpointId} is sealed under no key that there is (${id ?? 'none'}).`,
      );
    const bytes = Buffer.from(content, 'base64url');
    const decipher = createDecipheriv(CIPHER, key.bytes, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(additionalData(place));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    return Buffer.concat([
      decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)),
      decipher.final(),
    ]).toString();
  }

  /** The endpoint with its secrets to sign with. */
  async opened<E extends Endpoint>(endpoint: E): Promise<E> {
    return { ...endpoint, secrets: await this.#mapped(endpoint, (value) => this.open(endpoint, value)) };
  }

  /** @returns the secrets sealed anew, when one of them is not under the current key; else undefined */
  async resealed(endpoint: Endpoint): Promise<readonly EndpointSecret[] | undefined> {
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
  const bytes = Buffer.from(hkdfSync('sha256', text, '', 'endpoint secrets', 32));
  const id = createHash('sha256').update('key id').update(bytes).digest('hex').slice(0, 8);
  return { id, bytes };
}

function additionalData({ owner, endpointId }: Place): Buffer {
  return Buffer.from(JSON.stringify([owner, endpointId]));
}
