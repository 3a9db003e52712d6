/** Receives the events of jobs: from a webhook, and from a queue that an operator subscribes to the topic. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { createReceiver, type ReceivedEvent } from '../../../examples/webhook-receiver/receiver.ts';
import type { Caller } from '../caller.ts';
import type { Report } from '../report.ts';

const EVENT_MS = 30_000;

export async function eventScenarios(
  report: Report,
  caller: Caller,
  outputs: Readonly<Record<string, string>>,
) {
  await report.check('a job that ends calls its callback_url, with a signature that verifies', async () => {
    const response = await caller.api('POST', 'callback-secret');
    assert.equal(response.status, 200);
    const { secret } = (await response.json()) as { readonly secret: string };
    const arrived = Promise.withResolvers<ReceivedEvent>();
    const server = createReceiver(secret, (_id, event) => arrived.resolve(event));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const callback_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    const timer = setTimeout(
      () => arrived.reject(new Error(`No webhook arrived within ${EVENT_MS} ms.`)),
      EVENT_MS,
    );
    try {
      const started = await caller.tool('start_upload', { project: 'never', callback_url });
      assert.equal(started.will_callback, true);
      await caller.tool('cancel_job', { job_id: started.job_id });
      const { data } = await arrived.promise;
      assert.equal(data.job_id, started.job_id);
    } finally {
      clearTimeout(timer);
      server.close();
    }
  });
  await report.check(
    'a queue that is subscribed to the topic receives the events that its filter policy names',
    async () => {
      const sqs = new SQSClient();
      const queue = await subscribedQueue(sqs, outputs.EventsTopicArn ?? '', { type: ['job.cancelled'] });
      const { job_id } = await caller.tool('start_upload', { project: 'never' });
      await caller.tool('cancel_job', { job_id });
      const giveUpAt = Date.now() + EVENT_MS;
      for (;;) {
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({ QueueUrl: queue, WaitTimeSeconds: 2 }),
        );
        const events = Messages.map(({ Body = '' }) => JSON.parse(Body));
        assert.deepEqual(
          events.filter(({ type }) => type !== 'job.cancelled'),
          [],
        );
        if (events.some(({ data }) => data.job_id === job_id)) return;
        assert.ok(Date.now() < giveUpAt, 'No event arrived.');
      }
    },
  );
}

/** @returns the URL of a new queue that receives the bodies of messages from the topic */
async function subscribedQueue(sqs: SQSClient, TopicArn: string, filter: object): Promise<string> {
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'rehearsal-events' }));
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  const Endpoint = Attributes?.QueueArn;
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'sns.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: Endpoint,
        Condition: { ArnEquals: { 'aws:SourceArn': TopicArn } },
      },
    ],
  });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  await new SNSClient().send(
    new SubscribeCommand({
      TopicArn,
      Protocol: 'sqs',
      Endpoint,
      Attributes: { RawMessageDelivery: 'true', FilterPolicy: JSON.stringify(filter) },
    }),
  );
  return QueueUrl;
}
