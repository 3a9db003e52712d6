/** Breaks the delivery of webhooks: hostile receivers, and attempts that are not queued. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { QueryCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { DrillCloud } from '../drill-cloud.ts';
import type { Scenario } from '../scenario.ts';
import { eachOf } from './api.ts';

/** A port on which nothing listens. */
const REFUSED = 'http://127.0.0.1:9/hook';

export const webhookScenarios: readonly Scenario[] = [
  {
    alarm: 'webhooks-failing',
    cause: 'receivers refuse connections, hang up and respond 500',
    limitMinutes: 60,
    async begin() {
      hostile = await startHostileReceiver();
      return () => hostile?.close();
    },
    async eachMinute(drill, minute) {
      if (minute % 15 !== 1) return;
      const urls = [REFUSED, `${hostile?.url}/500`, `${hostile?.url}/hang-up`];
      // Two attempts each, within two seconds.
      await eachOf(27, async (index) =>
        drill.until(await drill.start('echo', { text: 'hostile' }, urls[index % urls.length])),
      );
      await delay(500);
      await drill.drained(/^WebhooksQueue[0-9A-F]{8}$/);
    },
  },
  {
    alarm: 'webhooks-waiting',
    cause: 'SQS rejects the attempts that are due',
    async begin(drill) {
      drill.receiver.status = 503;
      const jobId = await drill.start('echo', { text: 'waits' }, drill.receiver.url);
      await drill.until(jobId);
      await delay(500);
      await drill.drained(/^WebhooksQueue[0-9A-F]{8}$/);
      drill.receiver.status = 204;
      const end = drill.cause('rejecting-queue', 'SQS::Queue', /^WebhooksQueue[0-9A-F]{8}$/);
      await makeOverdue(drill, jobId);
      return end;
    },
  },
  {
    alarm: 'webhooks-waiting',
    cause: 'the schedule that queues due attempts is disabled',
    async begin(drill) {
      // Without a run before, the alarm has no data.
      for (let minute = 0; minute < 15; minute++) await drill.minute();
      return drill.cause('disabled-rule', 'Events::Rule', /^WebhooksEveryFiveMinutes/);
    },
  },
];

let hostile: Awaited<ReturnType<typeof startHostileReceiver>> | undefined;

async function startHostileReceiver() {
  const server = createServer(async (request, response) => {
    if (request.url === '/500') return response.writeHead(500).end();
    await delay(200);
    return request.socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => void server.close(),
  };
}

/** Makes the third attempt of a job's delivery overdue. */
async function makeOverdue(drill: DrillCloud, job: string): Promise<void> {
  const { dynamodb } = drill.aws;
  const TableName = drill.name('DynamoDB::GlobalTable', /^WebhooksTablesDeliveries/);
  const { Items = [] } = await dynamodb.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: 'jobId = :job',
      FilterExpression: 'attribute_exists(waitingShard)',
      ExpressionAttributeValues: { ':job': { S: job } },
    }),
  );
  if (Items.length === 0) throw new Error('No delivery waits.');
  for (const { jobId, deliveryKey } of Items) {
    if (!jobId || !deliveryKey) continue;
    await dynamodb.send(
      new UpdateItemCommand({
        TableName,
        Key: { jobId, deliveryKey },
        UpdateExpression: 'SET nextAttemptAt = :due',
        ExpressionAttributeValues: { ':due': { S: new Date(Date.now() - 20 * 60_000).toISOString() } },
      }),
    );
  }
}
