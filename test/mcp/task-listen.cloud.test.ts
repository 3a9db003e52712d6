/** `subscriptions/listen` for tasks: what comes, once, until the end; and who comes back has missed nothing. */
import { listen, readListenRequest } from '../../lambdas/mcp/tasks/listen.ts';
import type { LocalCloud } from '../../local/cloud.ts';
import { CallCounter } from '../support/call-counter.ts';
import { freeSlots } from '../support/free-slots.ts';
import { legacy, modern, modernRequest, type RpcOptions, type RpcResponse, TASKS } from '../support/rpc.ts';
import { type StreamMessage, sseMessages } from '../support/sse-messages.ts';
import { startTestCloud } from '../support/test-cloud.ts';

const counter = new CallCounter();
let cloud: LocalCloud;

beforeAll(async () => {
  cloud = await startTestCloud({ onAwsCall: counter.count });
});
afterAll(() => cloud.close());

const UNKNOWN = 'a0000000-0000-4000-8000-000000000000';
const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId';

async function create(name: string, args: object = {}): Promise<string> {
  const { result, error } = await modern(cloud, 'tools/call', { name, arguments: args });
  expect(error).toBeUndefined();
  expect(result.resultType).toBe('task');
  return result.taskId;
}

const open = (taskIds: unknown, options?: RpcOptions) =>
  modernRequest(cloud, 'subscriptions/listen', { notifications: { taskIds } }, options);

async function all(response: Response): Promise<StreamMessage[]> {
  const read: StreamMessage[] = [];
  for await (const message of sseMessages(response)) read.push(message);
  return read;
}

test('it says what it listens to, shows each change once, with the result at the end, and ends', async () => {
  const taskId = await create('start_four_steps');
  const response = await open([taskId]);
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const [acknowledged, ...rest] = await all(response);
  expect(acknowledged).toMatchObject({
    method: 'notifications/subscriptions/acknowledged',
    params: { notifications: { taskIds: [taskId] }, _meta: { [SUBSCRIPTION]: 1 } },
  });
  const end = rest.pop();
  expect(end).toMatchObject({ id: 1, result: { resultType: 'complete', _meta: { [SUBSCRIPTION]: 1 } } });
  expect(rest.every(({ method }) => method === 'notifications/tasks')).toBe(true);
  const updates = rest.map(({ params }) => params.lastUpdatedAt + params.statusMessage);
  expect(new Set(updates).size).toBe(updates.length);
  const { _meta, ...shown } = rest.at(-1)?.params ?? {};
  const { resultType, _meta: meta, ...got } = (await modern(cloud, 'tasks/get', { taskId })).result;
  // Links to files are signed anew each time; there are none here.
  expect(shown).toEqual(got);
  expect(shown).toMatchObject({ taskId, status: 'completed', result: { resultType: 'complete' } });
});

test('questions come too, and what follows the answers', async () => {
  const taskId = await create('start_ask');
  const capabilities = { elicitation: {}, extensions: { [TASKS]: {} } };
  const stream = sseMessages(await open([taskId], { capabilities }));
  const seen: string[] = [];
  for await (const { method, params } of stream) {
    if (method !== 'notifications/tasks') continue;
    if (seen.at(-1) !== params.status) seen.push(params.status);
    if (params.status === 'input_required') {
      expect(Object.keys(params.inputRequests)).toEqual(['approve', 'paint']);
      const inputResponses = {
        approve: { action: 'accept', content: { approve: true } },
        paint: { action: 'accept', content: { colour: 'red' } },
      };
      await modern(cloud, 'tasks/update', { taskId, inputResponses });
    }
  }
  expect(seen.filter((status) => status !== 'working')).toEqual(['input_required', 'completed']);
});

test('a client that comes back is shown how it is, and what has ended meanwhile', async () => {
  const taskId = await create('start_probe', { behaviour: 'wait' });
  const first = sseMessages(await open([taskId]));
  await first.next();
  expect((await first.next()).value.params.status).toBe('working');
  await first.return(undefined);
  await modern(cloud, 'tasks/cancel', { taskId });
  const again = await all(await open([taskId]));
  expect(again.map(({ method, params }) => params?.status ?? method)).toEqual([
    'notifications/subscriptions/acknowledged',
    'cancelled',
    undefined,
  ]);
});

describe('a task that goes on for longer than a stream may', () => {
  const tasks = {
    findAll: async () => [{ jobId: UNKNOWN, version: 1, status: 'running' }],
    detail: async () => ({ taskId: UNKNOWN, status: 'working' }),
  } as never;
  const caller = { owner: 'ada', scopes: ['jobs:read'] };
  const subscription = () => {
    const params = {
      notifications: { taskIds: [UNKNOWN] },
      _meta: { 'io.modelcontextprotocol/clientCapabilities': { extensions: { [TASKS]: {} } } },
    };
    const read = readListenRequest({ jsonrpc: '2.0', id: 'x', method: 'subscriptions/listen', params });
    if (!read) throw new Error('It is no such request.');
    return read;
  };

  test('has the stream end with a result, in time', async () => {
    const endsAtMs = Date.now() + 2_500;
    const read = await all(await listen(subscription(), { tasks, waits: freeSlots, caller, endsAtMs }));
    expect(Date.now()).toBeLessThanOrEqual(endsAtMs);
    expect(read.map(({ method }) => method)).toEqual([
      'notifications/subscriptions/acknowledged',
      'notifications/tasks',
      undefined,
    ]);
    expect(read.at(-1)).toMatchObject({ id: 'x', result: { resultType: 'complete' } });
  });

  test('is looked at no more once its client has gone', async () => {
    let looks = 0;
    const counted = {
      ...(tasks as object),
      findAll: async () => [{ jobId: UNKNOWN, version: ++looks, status: 'running' }],
    } as never;
    const stream = sseMessages(
      await listen(subscription(), {
        tasks: counted,
        waits: freeSlots,
        caller,
        endsAtMs: Date.now() + 60_000,
      }),
    );
    await stream.next();
    await stream.next();
    await stream.return(undefined);
    const before = looks;
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(looks).toBeLessThanOrEqual(before + 1);
  });
});

test('the tasks of others, and what is none, are not listened to; when nothing is left it ends', async () => {
  const theirs = await create('start_echo', { text: 'theirs' });
  const answer = await all(await open([theirs, UNKNOWN, '../x', 'x'.repeat(5_000)], { owner: 'eve' }));
  expect(answer).toHaveLength(2);
  expect(answer[0]?.params.notifications).toEqual({ taskIds: [] });
  expect(answer[1]?.result).toMatchObject({ resultType: 'complete' });
});

test('it costs one read a second, however many tasks it watches', async () => {
  const taskIds: string[] = [];
  for (let i = 0; i < 6; i++) taskIds.push(await create('start_probe', { behaviour: 'wait' }));
  const stream = sseMessages(await open(taskIds));
  for (let shown = 0; shown <= taskIds.length; shown++) await stream.next();
  const from = Date.now();
  counter.reset();
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  const seconds = (Date.now() - from) / 1000;
  const reads = Object.entries(counter.counts).filter(([name]) => /Get|Query|Scan/.test(name));
  await stream.return(undefined);
  // Of which the steps' own heartbeats are no business of the stream.
  const { 'dynamodb:BatchGetItem': batches = 0 } = Object.fromEntries(reads);
  expect(batches).toBeGreaterThan(0);
  expect(batches).toBeLessThanOrEqual(Math.ceil(seconds));
  await Promise.all(taskIds.map((taskId) => modern(cloud, 'tasks/cancel', { taskId })));
}, 30_000);

test('of a thousand tasks it listens to a hundred, and says to which', async () => {
  const taskId = await create('start_echo', { text: 'x' });
  const ids = Array.from({ length: 999 }, (_, i) => `a0000000-0000-4000-8000-${String(i).padStart(12, '0')}`);
  const [first] = await all(await open([taskId, ...ids]));
  expect(first?.params.notifications).toEqual({ taskIds: [taskId] });
  const [late] = await all(await open([...ids, taskId]));
  expect(late?.params.notifications).toEqual({ taskIds: [] });
});

describe('refused', () => {
  test('a client that does not take tasks', async () => {
    const answer = await open([UNKNOWN], { capabilities: {} });
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { error: object }).error).toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { extensions: { [TASKS]: {} } } },
    });
  });

  test.each([7, 'x', {}, [7], null])('taskIds that are %j', async (taskIds) => {
    const answer = await open(taskIds);
    expect(((await answer.json()) as { error: object }).error).toMatchObject({ code: -32602 });
  });

  test('headers that are not those of the body', async () => {
    for (const headers of [{ 'mcp-method': 'tasks/get' }, { 'mcp-protocol-version': '2025-11-25' }]) {
      const answer = await open([UNKNOWN], { headers });
      expect([answer.status, ((await answer.json()) as { error: { code: number } }).error.code]).toEqual([
        400, -32020,
      ]);
    }
  });

  test('a client of 2025 finds no such method', async () => {
    const { error } = await legacy(cloud, 'subscriptions/listen', { notifications: { taskIds: [UNKNOWN] } });
    expect(error.code).toBe(-32601);
  });
});

test('a hostile owner has five calls wait and the rest are answered at once; a quiet owner is served meanwhile', async () => {
  const owner = 'hostile';
  const { result } = await modern(
    cloud,
    'tools/call',
    { name: 'start_probe', arguments: { behaviour: 'wait' } },
    { owner },
  );
  const taskId = result.taskId;
  const answers: object[] = [];
  const streams: Response[] = [];
  const keep = (answer: RpcResponse) => void answers.push(answer.error?.data ?? answer.result);
  const calls = [
    ...Array.from({ length: 8 }, async () => {
      const response = await open([taskId], { owner });
      if (response.headers.get('content-type') === 'text/event-stream') streams.push(response);
      else keep((await response.json()) as RpcResponse);
    }),
    ...Array.from({ length: 16 }, async () =>
      keep(
        await modern(
          cloud,
          'tools/call',
          { name: 'check_job', arguments: { job_id: taskId, wait_seconds: 20, include: ['details'] } },
          // Without the tasks extension, the result is the job.
          { owner, capabilities: {} },
        ),
      ),
    ),
    ...Array.from({ length: 4 }, async () =>
      keep(
        await legacy(cloud, 'tasks/result', { taskId }, { owner, headers: { accept: 'application/json' } }),
      ),
    ),
  ];
  while (answers.length < calls.length - 5) await new Promise((resolve) => setTimeout(resolve, 20));

  for (let times = 0; times < 10; times++) {
    const { result: listed } = await modern(cloud, 'tools/call', { name: 'list_jobs' }, { owner: 'quiet' });
    expect(listed.structuredContent.jobs).toEqual([]);
  }
  // Synchronous calls have slots of their own.
  const nap = { name: 'nap', arguments: { ms: 1 } };
  expect((await modern(cloud, 'tools/call', nap, { owner })).result.structuredContent).toHaveProperty(
    'slept_ms',
  );
  expect(answers).toHaveLength(calls.length - 5);
  // Each says when to come again: a job, the error of `tasks/result`, or the error of a stream.
  for (const answer of answers as Record<string, Record<string, unknown>>[]) {
    const after = answer.structuredContent?.poll_after_ms ?? answer.retry_after_ms;
    expect(after).toBeGreaterThan(0);
  }
  await modern(cloud, 'tasks/cancel', { taskId }, { owner });
  await Promise.all([...calls, ...streams.map((stream) => stream.text())]);
});
