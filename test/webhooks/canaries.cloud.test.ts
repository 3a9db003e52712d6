/** Tests that secrets do not leak: plants known secrets, then searches every readable place for them. */
import { setTimeout as delay } from 'node:timers/promises';
import { ListTablesCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, type Message, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { readAssembly } from '../../local/template/assembly.ts';
import { assemblies } from '../support/assemblies.ts';
import { type ReceivedMessage, startEventReceiver } from '../support/event-receiver.ts';
import { awsClients, call, connect, startTestCloud } from '../support/test-cloud.ts';

const SIGNING_TEXT = 'canary-signing-text-of-more-than-thirty-two-characters';
const SEALING_TEXT = 'canary-sealing-text';
const SUBSCRIPTION_SECRET = `whsec_${Buffer.from('canary-subscription-secret-of-mcp').toString('base64')}`;

test('no secret is in a log, job, event, message, environment or response, except the response that creates it', async () => {
  const logs: string[] = [];
  const cloud = await startTestCloud({
    allowLoopbackWebhooks: true,
    onLog: (name, line) => logs.push(`${name} ${line}`),
  });
  const { dynamodb, sns, sqs } = awsClients(cloud);
  const client = await connect(cloud);
  const receiver = await startEventReceiver();
  const { template } = await readAssembly(assemblies.test);
  const secretId = (part: string) =>
    Object.keys(template.Resources).find((id) => id.startsWith(`Webhooks${part}Secret`));
  const secrets = new SecretsManagerClient({
    region: 'us-east-1',
    endpoint: cloud.environment.AWS_ENDPOINT_URL_SECRETS_MANAGER,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const replace = (part: string, SecretString: string) =>
    secrets.send(
      new PutSecretValueCommand({
        SecretId: `arn:aws:secretsmanager:us-east-1:000000000000:secret:${secretId(part)}`,
        SecretString,
      }),
    );
  await replace('Signing', SIGNING_TEXT);
  await replace('Sealing', SEALING_TEXT);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'everything' }));
  await sns.send(
    new SubscribeCommand({
      TopicArn: cloud.outputs.EventsTopicArn,
      Protocol: 'sqs',
      Endpoint: 'arn:aws:sqs:us-east-1:000000000000:everything',
    }),
  );

  const responses: unknown[] = [];
  const api = async (method: string, path: string, body?: object) => {
    const response = await fetch(new URL(path, cloud.url), {
      method,
      headers: { 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    // biome-ignore lint/suspicious/noExplicitAny: responses are searched as text
    return response.json() as Promise<any>;
  };
  const { secret: callbackSecret } = await api('POST', '/callback-secret');
  const { secret: endpointSecret, endpoint } = await api('POST', '/endpoints', { url: receiver.url });
  const delivery = { mode: 'webhook', url: receiver.url, secret: SUBSCRIPTION_SECRET };
  const subscribe = (changes: object) =>
    client.request(
      { method: 'events/subscribe', params: { name: 'job.completed', delivery, ...changes } },
      z.looseObject({}),
    );
  responses.push(await subscribe({}));
  responses.push(await subscribe({ name: 'job.unknown' }).catch((error: Error) => error.message));

  const started = await call(client, 'start_echo', {
    text: 'x',
    callback_url: receiver.url,
    wait_seconds: 20,
  });
  const failed = await call(client, 'start_probe', { behaviour: 'throw', wait_seconds: 20 });
  // A question has a secret link, only for the callback and the endpoint.
  responses.push(await subscribe({ name: 'job.input_required' }));
  const mailbox = { name: 'job.input_required', cursor: null };
  const poll = (cursor: unknown) =>
    client.request({ method: 'events/poll', params: { ...mailbox, cursor } }, z.looseObject({}));
  const { cursor } = await poll(null);
  const { data: asking } = await call(client, 'start_ask', { callback_url: receiver.url, wait_seconds: 20 });
  const isQuestion = ({ json }: ReceivedMessage) => json.data.job_id === asking.job_id;
  while (receiver.events.filter(isQuestion).length < 3) await delay(20);
  const links = receiver.events.filter(isQuestion).map(({ json }) => [json.name, json.answer_url] as const);
  expect(links.filter(([name, url]) => name === 'job.input_required' && url !== undefined)).toEqual([]);
  const [link] = new Set(links.flatMap(([, url]) => url ?? []));
  expect(links.filter(([, url]) => url === link)).toHaveLength(2);
  expect((await fetch(link)).status).toBe(200);
  responses.push(
    asking,
    await call(client, 'list_deliveries', { job_id: asking.job_id }),
    await poll(cursor),
  );
  // The callback's, the endpoint's and the subscription's.
  while (
    receiver.events.filter(({ json }) => JSON.stringify(json).includes(started.data.job_id)).length < 3
  ) {
    await receiver.find(() => true);
    await delay(50);
  }
  responses.push(started, failed, await call(client, 'list_deliveries', { job_id: started.data.job_id }));
  for (const path of [
    'endpoints',
    `endpoints/${endpoint.endpoint_id}`,
    `jobs/${started.data.job_id}/deliveries`,
    `jobs/${asking.job_id}/deliveries`,
  ]) {
    responses.push(await api('GET', `/${path}`));
  }
  responses.push(await api('GET', '/.well-known/webhook-keys'));
  const Messages: Message[] = [];
  while (!Messages.some(({ Body = '' }) => Body.includes('job.input_required'))) {
    const received = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    Messages.push(...(received.Messages ?? []));
  }
  const { TableNames = [] } = await dynamodb.send(new ListTablesCommand());
  const scans = TableNames.map(
    async (TableName) => (await dynamodb.send(new ScanCommand({ TableName }))).Items,
  );
  const tables = await Promise.all(scans);
  // The table has the endpoints' secrets, but only sealed.
  expect(JSON.stringify(tables).match(/sealed\.v1\./g)).toHaveLength(4);
  const bodies = receiver.events.map(({ body }) => body);

  const read = { logs, responses, events: Messages, tables, bodies, template };
  for (const canary of [SIGNING_TEXT, SEALING_TEXT, SUBSCRIPTION_SECRET, callbackSecret, endpointSecret]) {
    for (const [where, what] of Object.entries(read)) {
      const text = JSON.stringify(what);
      expect([where, text.length > 10]).toEqual([where, true]);
      expect([where, text.includes(canary.replace(/^whsec_/, ''))]).toEqual([where, false]);
    }
  }
  // Only the receiver's bodies may have the link.
  const [payload, ...signatures] = link.split('/').at(-1).split('.');
  for (const [where, what] of Object.entries({ ...read, bodies: [] })) {
    for (const part of [payload, ...signatures]) {
      expect([where, JSON.stringify(what).includes(part)]).toEqual([where, false]);
    }
  }
  // An error of a step is only for the log.
  expect(logs.join('\n')).toContain('hunter2');
  expect(JSON.stringify([responses, Messages, tables, bodies])).not.toContain('hunter2');

  receiver.close();
  await client.close();
  await cloud.close();
  for (const each of [dynamodb, sns, sqs, secrets]) each.destroy();
});
