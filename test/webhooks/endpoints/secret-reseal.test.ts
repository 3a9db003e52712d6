/** Tests that sealed secrets open for years, and when they are sealed again. */
import type { Endpoint } from '../../../lambdas/webhooks/endpoints/endpoint.ts';
import { seal, sealWith } from '../../support/seal.ts';

const PLACE = { owner: 'ada', endpointId: 'ep_1' };
const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
/** Sealed by the first version of this code. */
const SEALED =
  'sealed.v1.b50f5ba3.9P_19UrWRm-3R8NcG0eP-uEXhksHiXWcffkMmKlWO3nKbPKVXkXBNb3vHHourmsLJ8Rkqn81DoD9emtTtRxaHHqARaQkphNJ_xC44HMr';

const endpointWith = (...values: readonly string[]) =>
  ({ ...PLACE, secrets: values.map((value) => ({ value })) }) as unknown as Endpoint;

test('a secret sealed by an earlier version opens', async () => {
  expect(await seal.open(PLACE, SEALED)).toBe(SECRET);
});

test.each([
  ['a character before it', `x${SEALED}`, 'none'],
  ['a part after it', `${SEALED}.x`, 'none'],
  ['another key id', SEALED.replace(/v1\.[0-9a-f]{8}/, 'v1.00000000'), '00000000'],
])('a text with %s does not open', async (_what, text, id) => {
  await expect(seal.open(PLACE, text)).rejects.toThrow(
    `A secret of ep_1 is sealed under an unknown key (${id}). Rotate the endpoint's secret.`,
  );
});

test('secrets under the current key stay as they are', async () => {
  expect(await seal.resealSecrets(endpointWith(SEALED))).toBeUndefined();
  expect(await seal.resealSecrets(endpointWith())).toBeUndefined();
});

test('all secrets are sealed again when one is under the previous key', async () => {
  const rotated = sealWith('another text', 'a text to make the sealing key from');
  const current = await rotated.seal(PLACE, 'current');
  const resealed = (await rotated.resealSecrets(endpointWith(current, SEALED))) ?? [];
  expect(resealed.map(({ value }) => value.slice(0, 18))).toEqual(Array(2).fill(current.slice(0, 18)));
  const values = await Promise.all(resealed.map(({ value }) => rotated.open(PLACE, value)));
  expect(values).toEqual(['current', SECRET]);
});

test('a secret that was never sealed does not open for a reseal', async () => {
  await expect(seal.resealSecrets(endpointWith('plain'))).rejects.toThrow('unknown key (none)');
});
