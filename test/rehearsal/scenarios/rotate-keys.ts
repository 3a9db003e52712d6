/** Rotates the signing secret and the sealing secret, as docs/guides/operations-guide.md says. */
import assert from 'node:assert/strict';
import { createPublicKey, type JsonWebKey, randomBytes, verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Webhook } from 'standardwebhooks';
import type { Caller } from '../caller.ts';
import type { Report } from '../report.ts';
import { physicalIds } from '../stack-resources.ts';

const EVENT_MS = 30_000;

interface PublishedKey extends JsonWebKey {
  readonly kid: string;
}

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export async function rotationScenarios(report: Report, caller: Caller): Promise<void> {
  await report.check(
    'after a rotation of the signing and the sealing secret, both keys sign, and receivers keep their secrets',
    async () => {
      const { secret } = await json<{ readonly secret: string }>(await caller.api('POST', 'callback-secret'));
      const [before] = await publishedKeys(caller);
      await rotate('SigningSecret');
      await rotate('SealingSecret');
      await restartFunctions();
      const keys = await publishedKeys(caller);
      assert.equal(keys.length, 2);
      assert.equal(keys[1]?.kid, before?.kid);
      assert.notEqual(keys[0]?.kid, before?.kid);

      const { headers, body } = await nextWebhook(caller);
      // The secret from before the rotation: it is sealed under the former key.
      new Webhook(secret).verify(body, headers as Record<string, string>);
      const signed = Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`);
      const signatures = String(headers['webhook-signature'])
        .split(' ')
        .filter((one) => one.startsWith('v1a,'))
        .map((one) => Buffer.from(one.slice(4), 'base64'));
      for (const key of keys) {
        const publicKey = createPublicKey({ key, format: 'jwk' });
        assert.ok(
          signatures.some((signature) => verify(null, signed, publicKey, signature)),
          key.kid,
        );
      }
    },
  );
}

async function json<T>(response: Response): Promise<T> {
  assert.equal(response.status, 200);
  return (await response.json()) as T;
}

async function publishedKeys(caller: Caller): Promise<readonly PublishedKey[]> {
  const response = await caller.api('GET', '.well-known/webhook-keys');
  return (await json<{ readonly keys: readonly PublishedKey[] }>(response)).keys;
}

async function rotate(name: string): Promise<void> {
  const [SecretId] = await physicalIds('AWS::SecretsManager::Secret', name);
  const SecretString = randomBytes(32).toString('hex');
  await new SecretsManagerClient().send(new PutSecretValueCommand({ SecretId, SecretString }));
}

/** Replaces running functions, which would use the former keys for five minutes: any update of a function does. */
async function restartFunctions(): Promise<void> {
  const client = new LambdaClient();
  for (const name of ['Management', 'Deliver', 'Events']) {
    for (const FunctionName of await physicalIds('AWS::Lambda::Function', name)) {
      const { Timeout } = await client.send(new GetFunctionConfigurationCommand({ FunctionName }));
      await client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Timeout }));
    }
  }
}

/** Cancels a job with a callback. @returns the request of its webhook */
async function nextWebhook(caller: Caller): Promise<Received> {
  const arrived = Promise.withResolvers<Received>();
  const server = createServer(async (request, response) => {
    const body = await text(request);
    response.writeHead(204).end();
    arrived.resolve({ headers: request.headers, body });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const timer = setTimeout(
    () => arrived.reject(new Error(`No webhook arrived within ${EVENT_MS} ms.`)),
    EVENT_MS,
  );
  try {
    const callback_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    const { job_id } = await caller.tool('start_upload', { project: 'never', callback_url });
    await caller.tool('cancel_job', { job_id });
    return await arrived.promise;
  } finally {
    clearTimeout(timer);
    server.close();
  }
}
