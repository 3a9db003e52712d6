/**
 * The token of an answer link: a grant, signed by the service, that whoever holds it may use.
 *
 *     <job id, creation time, end, keys of the questions: JSON in base64url>.<ed25519 in base64url>[.<that of the former key>]
 *
 * Signed with each key that webhooks are signed with: so it is good at once and everywhere after a key was replaced, and
 * until the next time.
 */
import { sign, verify } from 'node:crypto';
import type { AnswerGrant } from '../../jobs/input/answer-grant.ts';
import type { SigningKey } from './signature.ts';

/**
 * In front of what is signed. The text of a webhook begins with a job's id or `msg_`, so that no signature of one can be
 * taken for one of the other.
 */
const CONTEXT = 'answer link v1:';
/** The common rules of AWS WAF, an option of the stack, refuse a path of more than 1,024 bytes; `/v1/answers/` is twelve. */
const MAX_TOKEN_LENGTH = 1_000;
/** An ed25519 signature is 64 bytes, and 86 characters in base64url. */
const TOKEN = /^([\w-]+)((?:\.[\w-]{86}){1,2})$/;

type SigningSecret = Pick<SigningKey, 'privateKey'>;

/**
 * @param expiresMs milliseconds since 1970
 * @returns undefined for so many questions that the token would be too long
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

/** @returns undefined for everything but a token of ours, as it was made, whose time is not over. */
export function readAnswerToken(
  token: string,
  keys: readonly SigningSecret[],
  nowMs: number,
): AnswerGrant | undefined {
  const [, payload = '', rest = ''] = token.length <= MAX_TOKEN_LENGTH ? (TOKEN.exec(token) ?? []) : [];
  const signatures = rest.split('.').slice(1);
  // Another spelling of the same bytes is not what was made.
  if (signatures.length === 0 || ![payload, ...signatures].every(isCanonical)) return undefined;
  const text = signedText(payload);
  const isOurs = signatures.some((signature) =>
    keys.some(({ privateKey }) => verify(null, text, privateKey, Buffer.from(signature, 'base64url'))),
  );
  if (!isOurs) return undefined;
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
