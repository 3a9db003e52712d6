/** Tests what the console does with tokens, refusals and errors of a sign-in. */
import {
  audiencesOf,
  isExpired,
  providerError,
  refusalOf,
  renewalOf,
  returnAddress,
  toTokens,
  userOf,
} from '../../console/app/auth/auth-state.ts';

const NOW = 1_000_000;
const tokens = toTokens({ access_token: 'a', expires_in: 300 }, ['jobs:read'], NOW);
const jwt = (claims: object) =>
  `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${'x'.repeat(20)}`;

test('a token counts as expired ten seconds early, and one without a time never', () => {
  expect(isExpired(tokens, NOW + 289_999)).toBe(false);
  expect(isExpired(tokens, NOW + 290_000)).toBe(true);
  expect(isExpired({}, NOW)).toBe(false);
});

test('a refresh keeps the refresh token that is not replaced, the user and the acceptance', () => {
  const before = { ...tokens, refreshToken: 'r', user: 'Ada', isAccepted: true };
  expect(toTokens({ access_token: 'b', scope: 'x y' }, [], NOW, before)).toEqual({
    accessToken: 'b',
    refreshToken: 'r',
    expiresAt: undefined,
    scopes: ['x', 'y'],
    user: 'Ada',
    isAccepted: true,
  });
  expect(toTokens({ access_token: 'b', refresh_token: 's' }, [], NOW, before).refreshToken).toBe('s');
});

test.each([
  ['use-newer', { ...tokens, accessToken: 'b' }, NOW],
  ['refresh', { ...tokens, refreshToken: 'r' }, NOW],
  ['sign-in', { ...tokens, isAccepted: true }, NOW],
  ['sign-in', tokens, NOW + 300_000],
  // A token that is new and was never accepted is for another API: the next one would be too.
  ['refuse', tokens, NOW],
  ['sign-in', undefined, NOW],
] as const)('a refused token leads to %s', (renewal, given, nowMs) => {
  expect(renewalOf(given, 'a', nowMs)).toBe(renewal);
});

test('the audience of a token is read, and a token that is no JWT has none', () => {
  expect(audiencesOf(jwt({ aud: 'https://other.example.com' }))).toEqual(['https://other.example.com']);
  expect(audiencesOf(jwt({ aud: ['a', 7, 'b'] }))).toEqual(['a', 'b']);
  expect(audiencesOf(jwt({ name: 'Zoë' }))).toEqual([]);
  for (const text of ['opaque', 'a.b.c', `e30.${btoa('null')}.x`, '']) expect(audiencesOf(text)).toEqual([]);
});

test('a refusal names the audience, the expected one and the remedy', () => {
  const text = refusalOf(jwt({ aud: 'https://other.example.com' }), {
    issuer: 'https://id.example.com',
    resource: 'https://jobs.example.com/mcp',
  });
  expect(text).toContain('for https://other.example.com');
  expect(text).toContain('expects https://jobs.example.com/mcp');
  expect(text).toContain('Ask the operator');
  expect(refusalOf('opaque', { issuer: 'x' })).toContain('without an audience');
});

test('an error of the provider is shown with its remedy, and is bounded', () => {
  expect(providerError('access_denied', 'No.')).toBe(
    'The identity provider responded with "access_denied". No. You or the identity provider refused the sign-in. Sign in again, or ask for access.',
  );
  expect(providerError('constructor', null)).toContain('ask the operator');
  expect(providerError('x'.repeat(9_999), 'y'.repeat(9_999)).length).toBeLessThan(600);
});

test.each([
  ['#/jobs/88fa9573-7488-484c-9c44-3355f5da2c6a', true],
  ['#/jobs?status=failed&project=a%20b', true],
  ['#/operator', true],
  ['', false],
  ['https://evil.example.com', false],
  ['//evil.example.com', false],
  ['#javascript:alert(1)', false],
  ['#/jobs\n', false],
  [undefined, false],
])('the address to come back to: %j', (hash, isAccepted) => {
  expect(returnAddress(hash)).toBe(isAccepted ? hash : '#/jobs');
});

test('the user is the best name of the ID token', () => {
  expect(userOf({ sub: '1', email: 'ada@example.com' })).toBe('ada@example.com');
  expect(userOf({ sub: '1', name: '' })).toBe('1');
  expect(userOf({ name: 7 })).toBeUndefined();
  expect(userOf()).toBeUndefined();
});
