/** Tests the limit of an answer token: 1,000 characters. */
import { sign } from 'node:crypto';
import { readAnswerToken, signAnswerToken } from '../../../lambdas/webhooks/signing/answer-token.ts';
import { signingKeyFrom } from '../../../lambdas/webhooks/signing/signature.ts';

const keys = [signingKeyFrom('a'.repeat(32)), signingKeyFrom('b'.repeat(32))];
const grant = {
  jobId: '7d5fbf9e-0000-4000-8000-000000000001',
  createdAt: '2026-01-01T00:00:00.000Z',
  keys: ['k'],
};
const EXPIRES = Date.parse('2026-02-01T00:00:00Z');
/** Two signatures and their dots take 174 characters; 619 bytes of payload take the other 826. */
const PAYLOAD_BYTES = 619;

function grantOf(payloadBytes: number) {
  const content = JSON.stringify([grant.jobId, Date.parse(grant.createdAt), EXPIRES, '']);
  return { ...grant, keys: ['k'.repeat(payloadBytes - content.length)] };
}

test('a token of 1,000 characters is signed and read', () => {
  const longest = grantOf(PAYLOAD_BYTES);
  const token = signAnswerToken(longest, EXPIRES, keys);
  expect(token).toHaveLength(1_000);
  expect(readAnswerToken(token ?? '', keys, 0)).toEqual(longest);
});

test('a longer token is neither signed nor read', () => {
  const tooLong = grantOf(PAYLOAD_BYTES + 1);
  expect(signAnswerToken(tooLong, EXPIRES, keys)).toBeUndefined();
  const content = JSON.stringify([tooLong.jobId, Date.parse(tooLong.createdAt), EXPIRES, ...tooLong.keys]);
  const payload = Buffer.from(content).toString('base64url');
  const text = Buffer.from(`answer link v1:${payload}`);
  const signatures = keys.map(({ privateKey }) => sign(null, text, privateKey).toString('base64url'));
  const [first = '', second = ''] = signatures;
  expect(readAnswerToken(`${payload}.${first}.${second}`, keys, 0)).toBeUndefined();
  // The signatures themselves are valid.
  expect(`${payload}.${first}`.length).toBeLessThan(1_000);
  expect(readAnswerToken(`${payload}.${first}`, keys, 0)).toEqual(tooLong);
});
