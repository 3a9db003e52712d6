/** Checks which documents of an identity provider count as its metadata. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { findMetadata } from '../../lambdas/auth/issuer-metadata.ts';

let document: unknown;
let issuer: string;
const server = createServer((_, response) => response.end(JSON.stringify(document)));
beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

test('metadata keeps the fields that only some callers need', async () => {
  document = { issuer, jwks_uri: `${issuer}/keys`, token_endpoint: `${issuer}/token` };
  expect(await findMetadata(issuer)).toEqual(document);
});

test.each<[string, (own: string) => unknown]>([
  [
    'of another issuer',
    () => ({ issuer: 'https://other.example.com', jwks_uri: 'https://other.example.com/keys' }),
  ],
  ['without keys', (own) => ({ issuer: own })],
  ['with keys at no URL', (own) => ({ issuer: own, jwks_uri: 'keys' })],
  ['with a list of URLs', (own) => ({ issuer: own, jwks_uri: [`${own}/keys`] })],
  ['that is null', () => null],
  ['that is a list', () => []],
  ['that is a text', (own) => own],
])('a document %s is no metadata', async (_, create) => {
  document = create(issuer);
  await expect(findMetadata(issuer)).rejects.toThrow(`is not the metadata of ${issuer}. Check the issuer.`);
});
