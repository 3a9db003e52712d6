/** Verifies presigned URLs. A URL is valid for one method and one object until it expires; any change invalidates it. */

import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { HttpRequest } from '@smithy/types';
import { REGION } from '../shared/aws-names.ts';
import type { Credentials } from '../shared/credentials.ts';
import type { ObjectRequest } from './object-calls.ts';
import { badSignature, expired, headersNotSigned } from './refusal.ts';

const CONTENT_HASH = 'X-Amz-Content-Sha256';

/**
 * Checks a request that is signed in its URL. Accepts other requests.
 * @param credentialsOf returns the credentials of an access key id
 * @throws Refusal when the URL has expired, or its signature does not match
 */
export async function checkPresigned(
  { method, url, headers }: Pick<ObjectRequest, 'method' | 'url' | 'headers'>,
  credentialsOf: (accessKeyId: string) => Credentials | undefined,
): Promise<void> {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const signature = searchParams.get('X-Amz-Signature');
  const credentials = credentialsOf(searchParams.get('X-Amz-Credential')?.split('/')[0] ?? '');
  // Authorization refuses an unknown key id later.
  if (signature === null || !credentials) return;
  const signedAt = dateOf(searchParams.get('X-Amz-Date') ?? '');
  const expiresIn = Number(searchParams.get('X-Amz-Expires'));
  if (!(signedAt.getTime() + expiresIn * 1000 > Date.now())) throw expired();

  const signedHeaders = (searchParams.get('X-Amz-SignedHeaders') ?? '').split(';');
  // Unsigned headers could change the request, such as to a copy of an object that the signer may read.
  const unsigned = Object.keys(headers).filter(
    (name) => name.startsWith('x-amz-') && !signedHeaders.includes(name),
  );
  if (unsigned.length > 0) throw headersNotSigned(unsigned);

  const signer = new SignatureV4({
    service: 's3',
    region: REGION,
    credentials,
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
  const signed = await signer.presign(
    {
      method,
      protocol: 'http:',
      hostname: 'localhost',
      // S3 escapes more characters than a URL requires.
      path: pathname.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`),
      query: Object.fromEntries([...searchParams].filter(([name]) => !SIGNATURE_PARAMETERS.has(name))),
      headers: {
        ...Object.fromEntries(signedHeaders.map((name) => [name, String(headers[name] ?? '')])),
        [CONTENT_HASH]: 'UNSIGNED-PAYLOAD',
      },
    } as HttpRequest,
    {
      signingDate: signedAt,
      expiresIn,
      // Some signers put it in the URL, others omit it.
      ...(!searchParams.has(CONTENT_HASH) && {
        unhoistableHeaders: new Set([CONTENT_HASH.toLowerCase()]),
        unsignableHeaders: new Set([CONTENT_HASH.toLowerCase()]),
      }),
    },
  );
  if (signed.query?.['X-Amz-Signature'] !== signature) throw badSignature();
}

/** Query parameters that signing adds. */
const SIGNATURE_PARAMETERS = new Set([
  'X-Amz-Algorithm',
  CONTENT_HASH,
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-Security-Token',
  'X-Amz-Signature',
  'X-Amz-SignedHeaders',
]);

/** `20260101T000000Z` */
function dateOf(text: string): Date {
  return new Date(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

/** Adapts Node's SHA-256 to the interface of the signer. */
class Sha256 {
  readonly #hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytes(secret));
  }

  update(data: Uint8Array | string): void {
    this.#hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {}
}

function bytes(data: string | ArrayBuffer | ArrayBufferView): string | Uint8Array {
  if (typeof data === 'string') return data;
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
