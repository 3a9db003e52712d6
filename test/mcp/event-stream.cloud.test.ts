/** Tests `events/stream` as deployed, with clients of each protocol version. Lost connections: `event-stream.long.test.ts`. */
import { beforeAll, expect, test } from '@jest/globals';
import type { LocalCloud } from '../../local/cloud.ts';
import { legacy, modern, send } from '../support/rpc.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { type StreamMessage, sseMessages } from '../support/sse-messages.ts';
import { crash, EVENT_NOTIFICATION, EVENT_TYPE, openStream } from './cut-streams.ts';

let cloud: LocalCloud;

beforeAll(async () => {
  cloud = await sharedCloud();
});

test('a client of 2025 receives the events of its jobs too', async () => {
  const owner = 'legacy';
  const body = { jsonrpc: '2.0', id: 7, method: 'events/stream', params: { name: EVENT_TYPE } };
  const response = await send(cloud, owner, JSON.stringify(body), { 'mcp-protocol-version': '2025-11-25' });
  const stream = sseMessages(response);
  expect((await stream.next()).value).toMatchObject({
    method: 'notifications/events/active',
    params: { truncated: false, _meta: { 'io.modelcontextprotocol/subscriptionId': 7 } },
  });
  const call = { name: 'start_echo', arguments: { text: 'hello', wait_seconds: 20 } };
  const { result } = await legacy(cloud, 'tools/call', call, { owner });
  let message: StreamMessage | undefined;
  do message = (await stream.next()).value;
  while (message && message.method !== EVENT_NOTIFICATION);
  expect(message?.params.data.job_id).toBe(result.structuredContent.job_id);
  await stream.return(undefined);
});

test('an owner that holds all its streams is refused another one, and another owner is served', async () => {
  const owner = 'many';
  const responses = await Promise.all(Array.from({ length: 12 }, () => openStream(cloud, owner, null)));
  const [held, refused] = [true, false].map((isStream) =>
    responses.filter(({ headers }) => (headers.get('content-type') === 'text/event-stream') === isStream),
  );
  expect(held).toHaveLength(5);
  for (const response of refused ?? []) {
    expect(await response.json()).toMatchObject({
      error: { code: -32025, data: { limit: 'waiting_calls', max: 5, retry_after_ms: 2_000 } },
    });
  }
  const other = await modern(cloud, 'tools/call', { name: 'list_jobs' }, { owner: 'quiet' });
  expect(other.result.structuredContent.jobs).toEqual([]);
  await crash(cloud, owner);
  await Promise.allSettled((held ?? []).map((response) => response.text()));
});
