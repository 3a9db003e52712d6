/**
 * Signs and reads the token of an answer link: a grant that any holder may use.
 *
 *     <job id, creation time, expiry, keys of the questions: JSON in base64url>.<ed25519 in base64url>[.<ed25519 of the previous key>]
 *
 * Every signing key of webhooks signs it. So a token stays valid everywhere after one rotation, until the next rotation.
 */
import { sign, verify } from 'node:crypto';
import type { AnswerGrant } from '../../jobs/input/answer-grant.ts';
import type { SigningKey } from './signature.ts';

/**
 * Prefix of the signed text. The signed text of a webhook begins with a job id or `msg_`, so the signature of one is never
 * valid for the other.
 */
const CONTEXT = 'answer link v1:';
/**
 * The common rules of AWS WAF, an option of the stack, reject a path of more than 1,024 bytes. `/v1/answers/` takes 12.
 */
const MAX_TOKEN_LENGTH = 1_000;
/** An ed25519 signature is 64 bytes, and 86 characters in base64url. */
const TOKEN = /^([\w-]+)((?:\.[\w-]{86}){1,2})$/;

type SigningSecret = Pick<SigningKey, 'privateKey'>;

/**
 * @param expiresMs milliseconds since 1970
 * @returns undefined when the number of questions makes the token too long
 */
export function signAnswerToken(
  { jobId, createdAt, keys: questions }: AnswerGrant,
  expiresMs: number,
  keys: readonly SigningSecret[],
): string | undefined {
  const content = JSON.stringify([jobId, Date.parse(createdAt), expiresMs, ...questions]);
  const payload = Buffer.from(content).toString('base64url');
  const signatures = keys.map(({ privateKey }) =>
    sign(null, signedText(payload), privateKey).toString('base64url'),
  );
  const token = [payload, ...signatures].join('.');
  return token.length <= MAX_TOKEN_LENGTH ? token : undefined;
}

/** @returns undefined unless the service signed this exact token and it has not expired */
export function readAnswerToken(
  token: string,
  keys: readonly SigningSecret[],
  nowMs: number,
): AnswerGrant | undefined {
  const [, payload = '', rest = ''] = token.length <= MAX_TOKEN_LENGTH ? (TOKEN.exec(token) ?? []) : [];
  const signatures = rest.split('.').slice(1);
  // Reject other base64url spellings of the same bytes: only the original text is valid.
  if (signatures.length === 0 || ![payload, ...signatures].every(isCanonical)) return undefined;
  const text = signedText(payload);
  const isAuthentic = signatures.some((signature) =>
    keys.some(({ privateKey }) => verify(null, text, privateKey, Buffer.from(signature, 'base64url'))),
  );
  if (!isAuthentic) return undefined;
  const [jobId, createdAtMs, expiresMs, ...questions] = JSON.parse(
    Buffer.from(payload, 'base64url').toString(),
  ) as [string, number, number, ...string[]];
  if (expiresMs <= nowMs) return undefined;
  return { jobId, createdAt: new Date(createdAtMs).toISOString(), keys: questions };
}

function signedText(payload: string): Buffer {
  return Buffer.from(CONTEXT + payload);
}

function isCanonical(text: string): boolean {
  return Buffer.from(text, 'base64url').toString('base64url') === text;
}
