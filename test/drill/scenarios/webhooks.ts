/** Breaks the delivery of webhooks: hostile receivers, and attempts that are not queued. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ScanCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { DrillCloud } from '../drill-cloud.ts';
import type { Scenario } from '../scenario.ts';
import { times } from './api.ts';

/** A port on which nothing listens. */
const REFUSED = 'http://127.0.0.1:9/hook';

export const webhookScenarios: readonly Scenario[] = [
  {
    alarm: 'webhooks-failing',
    cause: 'receivers refuse connections, hang up and respond 500',
    limitMinutes: 60,
    async begin(drill) {
      hostile = await startHostileReceiver();
      await drill.cloudWatch.idle(0);
      return () => hostile?.close();
    },
    async eachMinute(drill, minute) {
      if (minute % 15 !== 1) return;
      const urls = [REFUSED, `${hostile?.url}/500`, `${hostile?.url}/hang-up`];
      const ids = await Promise.all(
        urls.flatMap((url) => Array.from({ length: 4 }, () => drill.start('echo', { text: 'hostile' }, url))),
      );
      await Promise.all(ids.map((id) => drill.until(id)));
      // The second attempt of each delivery follows after a second.
      await delay(2_500);
    },
  },
  {
    alarm: 'webhooks-waiting',
    cause: 'SQS rejects the attempts that are due',
    async begin(drill) {
      const end = drill.cause('rejecting-queue', 'SQS::Queue', /^WebhooksQueue[0-9A-F]{8}$/);
      await failOnce(drill);
      await makeOverdue(drill);
      return end;
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

/** Leaves deliveries whose third attempt is due in two hours. */
async function failOnce(drill: DrillCloud): Promise<void> {
  await times(1, async () => drill.until(await drill.start('echo', { text: 'waits' }, REFUSED)));
  await delay(2_500);
}

/** Makes the attempts of all waiting deliveries overdue: nobody waits for hours. */
async function makeOverdue(drill: DrillCloud): Promise<void> {
  const { dynamodb } = drill.aws;
  const TableName = drill.name('DynamoDB::GlobalTable', /^WebhooksTablesDeliveries/);
  const { Items = [] } = await dynamodb.send(
    new ScanCommand({ TableName, FilterExpression: 'attribute_exists(waitingShard)' }),
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
