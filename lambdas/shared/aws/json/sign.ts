/** Signs requests of AWS's JSON protocols with Signature Version 4: a POST with a short body and few headers. */
import { createHash, createHmac } from 'node:crypto';
import { requiredEnv } from '../../env.ts';

/** A POST request to sign. */
export interface UnsignedRequest {
  /** Without a query. */
  readonly url: URL;
  /** The name in credential scopes, such as `dynamodb`. */
  readonly service: string;
  /** With lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Uses the credentials and the region of this function's environment.
 * @param now epoch milliseconds
 * @returns the headers with those of the signature
 * @throws Error when the environment has no credentials
 */
export function signHeaders(
  { url, service, headers, body }: UnsignedRequest,
  now: number,
): Readonly<Record<string, string>> {
  const time = new Date(now).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const date = time.slice(0, 8);
  const token = process.env.AWS_SESSION_TOKEN;
  const all: Readonly<Record<string, string>> = {
    ...headers,
    host: url.host,
    'x-amz-date': time,
    ...(token && { 'x-amz-security-token': token }),
  };
  const names = Object.keys(all).sort();
  const signed = names.join(';');
  const lines = names.map((name) => `${name}:${all[name]?.trim().replaceAll(/\s+/g, ' ')}\n`);
  const request = ['POST', url.pathname, '', lines.join(''), signed, sha256(body)].join('\n');
  const scope = [date, requiredEnv('AWS_REGION'), service, 'aws4_request'];
  const text = ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(request)].join('\n');
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${requiredEnv('AWS_SECRET_ACCESS_KEY')}`);
  const credential = `${requiredEnv('AWS_ACCESS_KEY_ID')}/${scope.join('/')}`;
  const signature = hmac(key, text).toString('hex');
  return {
    ...all,
    authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signed}, Signature=${signature}`,
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
