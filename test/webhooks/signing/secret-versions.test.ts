/** Tests that secret texts are cached, and that a failed read is retried at once. */

import { jest } from '@jest/globals';
import type { SignedFetch } from '../../../lambdas/shared/aws/signed-fetch.ts';
import { log } from '../../../lambdas/shared/observability/log.ts';
import { SecretVersions } from '../../../lambdas/webhooks/signing/secret-versions.ts';
import { SigningKeys } from '../../../lambdas/webhooks/signing/signing-keys.ts';

const GOOD = 'a text of more than thirty-two characters';

/** Responses of Secrets Manager by stage; a string is the secret's text. */
function secretsManager(answers: Readonly<Record<string, string | Response | undefined>>) {
  const asked: string[] = [];
  const fetch: SignedFetch = async (_path, { body }) => {
    const { VersionStage } = JSON.parse(String(body));
    asked.push(VersionStage);
    const answer = answers[VersionStage];
    if (answer instanceof Response) return answer.clone();
    if (answer !== undefined) return Response.json({ SecretString: answer });
    return Response.json({ __type: 'ResourceNotFoundException' }, { status: 400 });
  };
  return { fetch, asked };
}

test('are the current and the previous text', async () => {
  const { fetch } = secretsManager({ AWSCURRENT: 'new', AWSPREVIOUS: 'old' });
  expect(await new SecretVersions(fetch, 'arn').get()).toEqual({ current: 'new', previous: 'old' });
});

test('a text that was never replaced has no previous one', async () => {
  const { fetch } = secretsManager({ AWSCURRENT: 'new' });
  expect(await new SecretVersions(fetch, 'arn').get()).toEqual({ current: 'new' });
});

test('an error response throws with its reason, for either version', async () => {
  const denied = Response.json({ __type: 'AccessDeniedException', Message: 'no' }, { status: 400 });
  for (const answers of [{ AWSCURRENT: denied }, { AWSCURRENT: 'new', AWSPREVIOUS: denied }]) {
    const { fetch } = secretsManager(answers);
    await expect(new SecretVersions(fetch, 'arn').get()).rejects.toThrow('400 AccessDeniedException: no');
  }
});

test('are read once in five minutes, and again at once after a failure', async () => {
  let now = 0;
  const answers: Record<string, string | Response> = { AWSCURRENT: Response.json({}, { status: 500 }) };
  const { fetch, asked } = secretsManager(answers);
  const versions = new SecretVersions(fetch, 'arn', () => now);
  await expect(versions.get()).rejects.toThrow('500');
  answers.AWSCURRENT = 'new';
  await versions.get();
  const before = asked.length;
  now += 4 * 60_000;
  await Promise.all([versions.get(), versions.get()]);
  expect(asked).toHaveLength(before);
  now += 2 * 60_000;
  await Promise.all([versions.get(), versions.get()]);
  expect(asked).toHaveLength(before + 2);
});

describe('signing keys', () => {
  const keysOf = (current: string, previous?: string) =>
    new SigningKeys({ get: async () => ({ current, ...(previous && { previous }) }) }).get();

  test('are derived from both versions', async () => {
    expect(await keysOf(GOOD, `${GOOD}, once`)).toHaveLength(2);
    expect(await keysOf(GOOD)).toHaveLength(1);
  });

  test('an invalid previous text does not stop the current one', async () => {
    jest.spyOn(log, 'warn').mockImplementation(() => {});
    expect(await keysOf(GOOD, 'short')).toHaveLength(1);
    jest.restoreAllMocks();
  });
});
