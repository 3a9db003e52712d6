/** Tests the requests for secret texts, and what each error response means. */

import { jest } from '@jest/globals';
import type { SignedFetch } from '../../../lambdas/shared/aws/signed-fetch.ts';
import { log } from '../../../lambdas/shared/observability/log.ts';
import { SecretVersions } from '../../../lambdas/webhooks/signing/secret-versions.ts';
import { signingKeyFrom } from '../../../lambdas/webhooks/signing/signature.ts';
import { SigningKeys } from '../../../lambdas/webhooks/signing/signing-keys.ts';

afterEach(() => jest.restoreAllMocks());

type Responses = Readonly<Record<'AWSCURRENT' | 'AWSPREVIOUS', [object, number]>>;

function versionsOf(responses: Responses, now?: () => number) {
  const requests: [string, RequestInit][] = [];
  const fetch = (async (path: string, init: RequestInit) => {
    requests.push([path, init]);
    const { VersionStage } = JSON.parse(String(init.body)) as { VersionStage: keyof Responses };
    const [body, status] = responses[VersionStage];
    return Response.json(body, { status });
  }) as SignedFetch;
  return { requests, versions: new SecretVersions(fetch, 'arn:secret', now) };
}

const text = (SecretString?: string): [object, number] => [{ SecretString }, 200];
const error = (type: string | undefined): [object, number] => [{ __type: type, message: 'why' }, 400];

test('both versions are read with the JSON protocol of Secrets Manager', async () => {
  const { requests, versions } = versionsOf({ AWSCURRENT: text('new'), AWSPREVIOUS: text('old') });
  await versions.get();
  expect(requests).toEqual(
    ['AWSCURRENT', 'AWSPREVIOUS'].map((stage) => [
      '/',
      {
        method: 'POST',
        headers: {
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-target': 'secretsmanager.GetSecretValue',
        },
        body: JSON.stringify({ SecretId: 'arn:secret', VersionStage: stage }),
        signal: expect.any(AbortSignal),
      },
    ]),
  );
});

test('a secret without a text is an error with the remedy', async () => {
  const { versions } = versionsOf({ AWSCURRENT: text(), AWSPREVIOUS: text() });
  await expect(versions.get()).rejects.toThrow(
    'The secret arn:secret has no text. Store a SecretString in it.',
  );
});

test.each(['ResourceNotFoundException', 'com.amazonaws#ResourceNotFoundException'])(
  'a %s for the previous version means that there is none',
  async (type) => {
    const { versions } = versionsOf({ AWSCURRENT: text('new'), AWSPREVIOUS: error(type) });
    expect(await versions.get()).toEqual({ current: 'new' });
  },
);

test('a missing current version is an error', async () => {
  const missing = error('ResourceNotFoundException');
  const { versions } = versionsOf({ AWSCURRENT: missing, AWSPREVIOUS: missing });
  await expect(versions.get()).rejects.toThrow(
    'Secrets Manager responded 400 ResourceNotFoundException: why',
  );
});

test.each(['ResourceNotFoundException: not really', undefined])(
  'an error of type %s is thrown',
  async (type) => {
    const { versions } = versionsOf({ AWSCURRENT: text('new'), AWSPREVIOUS: error(type) });
    await expect(versions.get()).rejects.toThrow(`Secrets Manager responded 400 ${type}: why`);
  },
);

test('a text is cached for five minutes to the millisecond', async () => {
  let now = 0;
  const { requests, versions } = versionsOf({ AWSCURRENT: text('new'), AWSPREVIOUS: text('old') }, () => now);
  await versions.get();
  now = 5 * 60_000 - 1;
  await versions.get();
  expect(requests).toHaveLength(2);
  now += 1;
  await versions.get();
  expect(requests).toHaveLength(4);
});

describe('signing keys', () => {
  const GOOD = 'a text of more than thirty-two characters';
  const keysOf = (current: string, previous?: string) =>
    new SigningKeys({ get: async () => ({ current, previous }) }).get();

  test('are the current one, then the previous one', async () => {
    const other = `${GOOD}, once`;
    expect((await keysOf(GOOD, other)).map(({ kid }) => kid)).toEqual([
      signingKeyFrom(GOOD).kid,
      signingKeyFrom(other).kid,
    ]);
  });

  test('warn of an invalid previous text, and not of a missing one', async () => {
    const warn = jest.spyOn(log, 'warn').mockImplementation(() => {});
    await keysOf(GOOD);
    expect(warn).not.toHaveBeenCalled();
    expect(await keysOf(GOOD, 'short')).toHaveLength(1);
    expect(warn).toHaveBeenCalledWith('The previous version of the signing secret is invalid and skipped', {
      error: expect.objectContaining({ message: expect.stringContaining('got 5') }),
    });
  });
});
