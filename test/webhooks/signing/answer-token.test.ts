/** Tests that an answer token is valid only unchanged and before its expiry. */
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { readAnswerToken, signAnswerToken } from '../../../lambdas/webhooks/signing/answer-token.ts';
import { signedHeaders, signingKeyFrom } from '../../../lambdas/webhooks/signing/signature.ts';
import { anyCharacter } from '../../support/any-character.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const END = NOW + 60_000;
const GRANT = {
  jobId: '7d5fbf9e-0000-4000-8000-000000000001',
  createdAt: '2026-01-01T00:00:00.123Z',
  keys: ['approve', 'größe'],
};
const keyOf = (name: string) => signingKeyFrom(`the ${name} text of more than thirty-two characters`);
const [first, second, third] = [keyOf('first'), keyOf('second'), keyOf('third')];

const make = (keys = [first], grant = GRANT): string => signAnswerToken(grant, END, keys) ?? '';
const read = (token: string, keys = [first], nowMs = NOW) => readAnswerToken(token, keys, nowMs);

test('a token returns its grant and contains no owner', () => {
  const token = make();
  expect(read(token)).toEqual(GRANT);
  expect(token).toMatch(/^[\w-]+\.[\w-]{86}$/);
  const [payload = ''] = token.split('.');
  expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toEqual([
    GRANT.jobId,
    Date.parse(GRANT.createdAt),
    END,
    'approve',
    'größe',
  ]);
});

test('the same grant always gives the same token, so that all attempts of a delivery are equal', () => {
  expect(make()).toBe(make());
});

test('a token expires to the millisecond', () => {
  expect(read(make(), [first], END - 1)).toEqual(GRANT);
  expect(read(make(), [first], END)).toBeUndefined();
});

test('a token is valid with the old and the new keys after one rotation, until the next', () => {
  const before = make([first]);
  const after = make([second, first]);
  expect(read(before, [second, first])).toEqual(GRANT);
  expect(read(after, [first])).toEqual(GRANT);
  expect(read(after, [second, first])).toEqual(GRANT);
  expect(read(after, [third, second])).toEqual(GRANT);
  expect(read(before, [third, second])).toBeUndefined();
});

test('another key signs no valid token', () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  expect(read(signAnswerToken(GRANT, END, [{ privateKey }]) ?? '')).toBeUndefined();
});

test('a token with one character changed, removed, doubled or added is invalid', () => {
  const token = make([second, first]);
  const keys = [second, first];
  const payload = token.indexOf('.');
  const character = fc.constantFrom(...'AQgw09_-.=+/ %~é');
  fc.assert(
    fc.property(fc.nat(token.length - 1), character, fc.constantFrom(0, 1), (at, put, removed) => {
      const changed = token.slice(0, at) + put + token.slice(at + removed);
      if (changed === token) return;
      // After a change beyond the payload the other signature may still be valid: it signs the same grant.
      expect(at < payload ? [undefined] : [undefined, GRANT]).toContainEqual(read(changed, keys));
    }),
    { numRuns: 3_000 },
  );
  // A token with only one signature is always invalid then.
  const single = make();
  for (let at = 0; at < single.length; at++) {
    const other = single[at] === 'A' ? 'B' : 'A';
    expect(read(single.slice(0, at) + other + single.slice(at + 1))).toBeUndefined();
    expect(read(single.slice(0, at) + single.slice(at + 1))).toBeUndefined();
    expect(read(single.slice(0, at))).toBeUndefined();
  }
});

test('the payload of one token and the signature of another make no valid token', () => {
  const other = make([first], { ...GRANT, keys: ['other'] });
  const [mine = '', theirs = ''] = [make(), other].map((token) => token.split('.')[1]);
  expect(read(make().replace(mine, theirs))).toBeUndefined();
  expect(read(other.replace(theirs, mine))).toBeUndefined();
});

test.each([
  ['nothing', ''],
  ['a dot', '.'],
  ['no signature', make().split('.')[0] ?? ''],
  ['an empty signature', `${make().split('.')[0]}.`],
  ['no payload', `.${make().split('.')[1]}`],
  ['a signature of zeros', `${make().split('.')[0]}.${'A'.repeat(86)}`],
  ['one signature three times', `${make()}.${make().split('.')[1]}.${make().split('.')[1]}`],
  ['padding', `${make()}==`],
  ['a line after it', `${make()}\n`],
  ['a space before it', ` ${make()}`],
  ['a megabyte', 'A'.repeat(1_000_000)],
  ['a megabyte with a signature', `${'A'.repeat(1_000_000)}.${make().split('.')[1]}`],
])('%s is none', (_what, token) => {
  expect(read(token)).toBeUndefined();
});

test('another spelling of the same bytes is invalid', () => {
  const [payload = '', signature = ''] = make().split('.');
  // The last of 86 characters has four unused bits.
  const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const spelled = signature.slice(0, -1) + last[(last.indexOf(signature.slice(-1)) & ~15) | 1];
  expect(Buffer.from(spelled, 'base64url')).toEqual(Buffer.from(signature, 'base64url'));
  expect(read(`${payload}.${spelled}`)).toBeUndefined();
});

test('no text makes it throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter, maxLength: 300 }), (text) => {
      expect(read(text)).toBeUndefined();
      expect(read(`${text}.${make().split('.')[1]}`)).toBeUndefined();
    }),
  );
});

test('there is no token when the number of questions makes the URL too long', () => {
  const keys = Array.from({ length: 10 }, (_, index) => `question-${index}`.padEnd(60, '.'));
  expect(signAnswerToken({ ...GRANT, keys }, END, [second, first])).toBeUndefined();
  const six = { ...GRANT, keys: keys.slice(0, 6) };
  expect(read(make([second, first], six))).toEqual(six);
});

describe('the signatures of webhooks, by the same key,', () => {
  const privateKey = createPrivateKey(first.privateKey.export({ format: 'pem', type: 'pkcs8' }));
  const [payload = '', signature = ''] = make().split('.');

  test('make no valid token, whatever the body', () => {
    for (const [id, body] of [
      ['answer link v1', payload],
      [`${GRANT.jobId}.3`, `answer link v1:${payload}`],
      [GRANT.jobId, payload],
    ] as const) {
      const headers = signedHeaders({ id, body, secrets: [], keys: [first], nowMs: NOW });
      const [, made = ''] = headers['webhook-signature']?.split(',') ?? [];
      expect(read(`${payload}.${Buffer.from(made, 'base64').toString('base64url')}`)).toBeUndefined();
    }
    for (const text of [payload, Buffer.from(payload, 'base64url')]) {
      const plain = sign(null, Buffer.from(text), privateKey).toString('base64url');
      expect(read(`${payload}.${plain}`)).toBeUndefined();
    }
  });

  test('cannot come from a token: no webhook has its signed text', () => {
    const ids = [`${GRANT.jobId}.3`, 'msg_verification_x'];
    for (const id of ids) {
      const headers = signedHeaders({ id, body: payload, secrets: [], keys: [first], nowMs: NOW });
      expect(headers['webhook-signature']).not.toContain(
        Buffer.from(signature, 'base64url').toString('base64'),
      );
      // The signed text of a webhook begins with its id.
      expect('answer link v1:'.startsWith(id.slice(0, 4))).toBe(false);
    }
  });
});
