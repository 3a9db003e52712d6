/** The secrets of the template, asked for as functions and operators do. */
import { stat } from 'node:fs/promises';
import {
  GetSecretValueCommand,
  type GetSecretValueCommandInput,
  PutSecretValueCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { secretActions } from '../../../local/secretsmanager/secrets.ts';
import { createResolver } from '../../../local/template/intrinsics.ts';
import { Harness } from '../fixture/harness.ts';

const GENERATED = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:generated';
let harness: Harness;

beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(() => harness.stop());

function get(SecretId: string, options: Partial<GetSecretValueCommandInput> = {}) {
  return harness.secrets.send(new GetSecretValueCommand({ SecretId, ...options }));
}

function put(SecretId: string, SecretString: string, ClientRequestToken?: string) {
  return harness.secrets.send(new PutSecretValueCommand({ SecretId, SecretString, ClientRequestToken }));
}

test('a generated secret has the length and the characters that were asked for', async () => {
  const secret = await get(GENERATED);
  expect(secret).toMatchObject({
    ARN: GENERATED,
    Name: 'generated',
    SecretString: expect.stringMatching(/^[A-Za-z0-9]{48}$/),
    VersionStages: ['AWSCURRENT'],
    CreatedDate: expect.any(Date),
  });
  expect((await get('generated', { VersionId: secret.VersionId })).SecretString).toBe(secret.SecretString);
  expect(Math.abs(Number(secret.CreatedDate) - Date.now())).toBeLessThan(60_000);
});

test('without a wish it has 32 characters, and punctuation among them', async () => {
  const { SecretString = '' } = await get('plain');
  expect(SecretString).toMatch(/^[!-~]{32}$/);
  expect(SecretString).toMatch(/[^A-Za-z0-9]/);
});

test('a secret can be given in the template, and has no previous value', async () => {
  expect(await get('given')).toMatchObject({ SecretString: 'from the template' });
  await expect(get('given', { VersionStage: 'AWSPREVIOUS' })).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: expect.stringContaining('AWSPREVIOUS'),
  });
});

test('a secret that is not there is not found', async () => {
  for (const answer of [get('nobody'), put('nobody', 'x'), get('given', { VersionId: 'no such version' })]) {
    await expect(answer).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  }
});

test('a new value makes the former one the previous, and both outlive a restart', async () => {
  const first = await get('plain');
  const { VersionId } = await put('plain', 'second');
  expect(VersionId).not.toBe(first.VersionId);

  await harness.restart();

  expect(await get('plain')).toMatchObject({ SecretString: 'second', VersionId });
  const { SecretString, VersionStages } = await get('plain', { VersionStage: 'AWSPREVIOUS' });
  expect({ SecretString, VersionStages }).toEqual({
    SecretString: first.SecretString,
    VersionStages: ['AWSPREVIOUS'],
  });
  // Windows knows no such modes.
  if (process.platform !== 'win32') {
    expect((await stat(harness.file('secrets.json'))).mode & 0o777).toBe(0o600);
  }
});

test('a new value that is put twice is put once, and another one not in its place', async () => {
  const token = 'a-token-that-the-client-has-made-up';
  await put('given', 'first', 'another-token-of-the-same-client');
  await put('given', 'second', token);
  expect(await put('given', 'second', token)).toMatchObject({
    VersionId: token,
    VersionStages: ['AWSCURRENT'],
  });
  expect((await get('given', { VersionStage: 'AWSPREVIOUS' })).SecretString).toBe('first');
  await expect(put('given', 'third', token)).rejects.toMatchObject({ name: 'ResourceExistsException' });
});

test('a way of generating that the local cloud does not know is refused, and named', () => {
  const Properties = { GenerateSecretString: { GenerateStringKey: 'password' } };
  const template = { Resources: { Login: { Type: 'AWS::SecretsManager::Secret', Properties } } };
  const addresses = { api: 'http://127.0.0.1:1', sqs: 'http://127.0.0.1:2' };
  const resolve = createResolver({ template, stackName: 'S', addresses });
  expect(() => secretActions(template, resolve, undefined, () => {})).toThrow(
    'Secret Login is generated with GenerateStringKey',
  );
});
