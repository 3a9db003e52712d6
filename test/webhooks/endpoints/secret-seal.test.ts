/** Tests that a sealed secret opens only for its endpoint, with its key, and unchanged. */
import { type Endpoint, EndpointKind } from '../../../lambdas/webhooks/endpoints/endpoint.ts';
import { SEALING_TEXT, seal, sealWith } from '../../support/seal.ts';

const PLACE = { owner: 'ada', endpointId: 'ep_1' };
const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;

test('a sealed secret is unreadable, differs each time, and opens again', async () => {
  const [one, two] = [await seal.seal(PLACE, SECRET), await seal.seal(PLACE, SECRET)];
  expect(one).toMatch(/^sealed\.v1\.[0-9a-f]{8}\.[\w-]+$/);
  expect(one).not.toBe(two);
  expect(one.length).toBe(two.length);
  for (const sealed of [one, two]) expect(await seal.open(PLACE, sealed)).toBe(SECRET);
});

test.each([
  ['for another owner', { ...PLACE, owner: 'bob' }],
  ['for another endpoint', { ...PLACE, endpointId: 'ep_2' }],
  ['where owner and endpoint are cut elsewhere', { owner: 'adae', endpointId: 'p_1' }],
])('%s it does not open', async (_where, place) => {
  await expect(seal.open(place, await seal.seal(PLACE, SECRET))).rejects.toThrow();
});

test('a sealed secret with any changed character does not open', async () => {
  const sealed = await seal.seal(PLACE, SECRET);
  const content = sealed.lastIndexOf('.') + 1;
  // The last character may have unused bits.
  for (let at = content; at < sealed.length - 1; at += 1) {
    const other = sealed[at] === 'A' ? 'B' : 'A';
    await expect(seal.open(PLACE, sealed.slice(0, at) + other + sealed.slice(at + 1))).rejects.toThrow();
  }
});

test.each([
  ['plain text', SECRET],
  ['nothing', ''],
  ['a later version', 'sealed.v2.00000000.AAAA'],
  ['a stub', 'sealed.v1.00000000.AAAA'],
])('%s is not opened, and not shown', async (_what, text) => {
  await expect(seal.open(PLACE, text)).rejects.toThrow(/ep_1 is sealed under an unknown key/);
  await expect(seal.open(PLACE, text)).rejects.not.toThrow(SECRET);
});

test('a truncated text does not open', async () => {
  const sealed = await seal.seal(PLACE, SECRET);
  for (const length of [24, 30, sealed.length - 4]) {
    await expect(seal.open(PLACE, sealed.slice(0, length))).rejects.toThrow();
  }
});

test('a sealed secret opens after one key rotation, and after two only if it was resealed', async () => {
  const endpoint: Endpoint = {
    ...PLACE,
    kind: EndpointKind.webhook,
    events: [],
    secrets: [{ value: await seal.seal(PLACE, SECRET), until: 'x' }],
    createdAt: '',
    updatedAt: '',
  };
  const once = sealWith('another', SEALING_TEXT);
  expect((await once.openEndpoint(endpoint)).secrets).toEqual([{ value: SECRET, until: 'x' }]);
  const secrets = (await once.resealSecrets(endpoint)) ?? [];
  expect(secrets).toEqual([{ value: expect.stringMatching(/^sealed/), until: 'x' }]);
  expect(await once.resealSecrets({ ...endpoint, secrets })).toBeUndefined();
  const twice = sealWith('a third', 'another');
  expect((await twice.openEndpoint({ ...endpoint, secrets })).secrets).toEqual([
    { value: SECRET, until: 'x' },
  ]);
  await expect(twice.openEndpoint(endpoint)).rejects.toThrow(/unknown key/);
});
