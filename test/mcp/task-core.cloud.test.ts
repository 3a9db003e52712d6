/** Tasks of 2025-11-25 at the endpoint, as they go over the wire. */
import type { LocalCloud } from '../../local/cloud.ts';
import { legacy, modern } from '../support/rpc.ts';
import { sharedCloud } from '../support/shared-cloud.ts';

let cloud: LocalCloud;

beforeAll(async () => {
  cloud = await sharedCloud();
});

const UNKNOWN = 'a0000000-0000-4000-8000-000000000000';
const RELATED = 'io.modelcontextprotocol/related-task';

const rpc = (method: string, params: Record<string, unknown> = {}, owner?: string) =>
  legacy(cloud, method, params, { owner });

async function create(name: string, args: object = {}, task: object = {}, owner?: string) {
  const { result, error } = await rpc('tools/call', { name, arguments: args, task }, owner);
  expect(error).toBeUndefined();
  return result.task;
}

async function ended(taskId: string, owner?: string) {
  for (;;) {
    const { result } = await rpc('tasks/get', { taskId }, owner);
    if (!['working', 'input_required'].includes(result.status)) return result;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('they are offered when a client initializes, and tools say which may be tasks', async () => {
  const { result } = await rpc('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'test', version: '1.0.0' },
  });
  expect(result.capabilities).toEqual({
    tools: {},
    resources: {},
    tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
    extensions: { 'io.modelcontextprotocol/events': {} },
  });
  const { tools } = (await rpc('tools/list')).result;
  const support = Object.fromEntries(
    tools.map(({ name, execution }: { name: string; execution?: { taskSupport: string } }) => [
      name,
      execution?.taskSupport,
    ]),
  );
  // A job, a job when it takes longer, and what is answered at once.
  expect(support).toMatchObject({
    start_echo: 'optional',
    count: 'optional',
    nap: undefined,
    check_job: undefined,
  });
  expect(Object.values(support)).not.toContain('required');
});

test('a call with params.task is answered with a task that can be read at once, and its result is that of the call', async () => {
  const task = await create('start_echo', { text: 'hello' });
  expect(task).toEqual({
    taskId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    status: 'working',
    createdAt: expect.any(String),
    lastUpdatedAt: expect.any(String),
    ttl: expect.any(Number),
    pollInterval: expect.any(Number),
  });
  expect(task.pollInterval).toBeGreaterThanOrEqual(1_000);
  expect((await rpc('tasks/get', { taskId: task.taskId })).result.taskId).toBe(task.taskId);
  const { result } = await rpc('tasks/result', { taskId: task.taskId });
  expect(result).toMatchObject({
    structuredContent: { job_id: task.taskId, status: 'completed', result: { text: 'hello' } },
    _meta: { [RELATED]: { taskId: task.taskId } },
  });
  expect(result.isError).toBeUndefined();
  expect(await ended(task.taskId)).toMatchObject({ status: 'completed', statusMessage: 'Completed.' });
});

test('without params.task the call is what it always was', async () => {
  const { result } = await rpc('tools/call', { name: 'start_echo', arguments: { text: 'x' } });
  expect(result).toMatchObject({ structuredContent: { status: 'pending' } });
  expect(result.task).toBeUndefined();
});

test('a call that could be answered at once is a task all the same, when one is asked for', async () => {
  const task = await create('count', { to: 3 });
  const { result } = await rpc('tasks/result', { taskId: task.taskId });
  expect(result.structuredContent).toMatchObject({ job_id: task.taskId, status: 'completed' });
});

test('a tool that has failed is a failed task, whose result says so; a fault of ours is an error of the protocol', async () => {
  const failed = await create('start_probe', { behaviour: 'fail' });
  expect(await ended(failed.taskId)).toMatchObject({ status: 'failed' });
  const { result } = await rpc('tasks/result', { taskId: failed.taskId });
  expect(result).toMatchObject({
    isError: true,
    structuredContent: { status: 'failed', error: { code: 'SCRIPT_FAILED' } },
  });

  const broken = await create('start_probe', { behaviour: 'throw' });
  expect(await ended(broken.taskId)).toMatchObject({ status: 'failed' });
  const { error } = await rpc('tasks/result', { taskId: broken.taskId });
  expect(error).toMatchObject({ code: -32603, data: { code: 'INTERNAL_ERROR' } });
});

test('it is cancelled with the cancelled task, and once it has ended no more', async () => {
  const { taskId } = await create('start_probe', { behaviour: 'wait' });
  expect((await rpc('tasks/cancel', { taskId })).result).toMatchObject({ taskId, status: 'cancelled' });
  expect((await rpc('tasks/cancel', { taskId })).error).toMatchObject({
    code: -32602,
    message: expect.stringContaining('already ended as cancelled'),
  });
  expect((await rpc('tasks/result', { taskId })).error).toMatchObject({
    code: -32603,
    data: { code: 'TASK_CANCELLED' },
  });
});

test('what waits for answers says who takes them, and goes on with them', async () => {
  const { taskId } = await create('start_ask');
  let task = { status: '', statusMessage: '' };
  while (task.status !== 'input_required') task = (await rpc('tasks/get', { taskId })).result;
  expect(task.statusMessage).toContain('May it go on? In which colour? Answer with the tool answer_job');
  const result = rpc('tasks/result', { taskId });
  await rpc('tools/call', {
    name: 'answer_job',
    arguments: {
      job_id: taskId,
      answers: {
        approve: { action: 'accept', content: { approve: true } },
        paint: { action: 'accept', content: { colour: 'red' } },
      },
    },
  });
  // Whoever has answered: who waits for the result gets it.
  expect((await result).result.structuredContent.result).toMatchObject({ colour: 'red' });
});

test('tasks are listed a page at a time, the newest first, and only the own', async () => {
  const made: string[] = [];
  for (let i = 0; i < 51; i++) made.push((await create('start_echo', { text: 'x' }, {}, 'lister')).taskId);
  const first = (await rpc('tasks/list', {}, 'lister')).result;
  expect(first.tasks).toHaveLength(50);
  expect(first.tasks[0]).toMatchObject({ taskId: made.at(-1), ttl: expect.any(Number) });
  const second = (await rpc('tasks/list', { cursor: first.nextCursor }, 'lister')).result;
  const all = [...first.tasks, ...second.tasks].map(({ taskId }: { taskId: string }) => taskId);
  expect(all).toEqual(made.reverse());
  expect((await rpc('tasks/list', { cursor: first.nextCursor }, 'other')).result.tasks).toEqual([]);
}, 60_000);

describe('ttl', () => {
  const LONGEST_RUN_MS = 12 * 60 * 60_000;

  test.each([
    ['nothing', {}, 24 * 3_600_000],
    ['two hours', { ttl: 7_200_000 }, 7_200_000],
    ['zero: the least there is', { ttl: 0 }, 60_000],
    ['a fraction', { ttl: 90_000.5 }, 91_000],
    ['a century: the most there is', { ttl: 3e12 }, 7 * 24 * 3_600_000],
  ])('%s', async (_what, task, retentionMs) => {
    const { ttl, taskId } = await create('start_echo', { text: 'x' }, task);
    // Until it ends, the longest that it can take is in it.
    expect(ttl).toBeGreaterThan(retentionMs);
    expect(ttl).toBeLessThan(retentionMs + LONGEST_RUN_MS);
    const { createdAt } = await ended(taskId);
    const after = (await rpc('tasks/get', { taskId })).result;
    const endedAt = Date.parse(after.lastUpdatedAt);
    expect(Math.abs(Date.parse(createdAt) + after.ttl - endedAt - retentionMs)).toBeLessThan(2_000);
  });

  test.each([-1, Number.MIN_SAFE_INTEGER, '60000', null, [], {}])(
    '%j is refused, and there is no job',
    async (ttl) => {
      const { error } = await rpc(
        'tools/call',
        { name: 'start_echo', arguments: { text: 'x' }, task: { ttl } },
        'nobody',
      );
      expect(error.code).toBe(-32602);
      expect((await rpc('tasks/list', {}, 'nobody')).result.tasks).toEqual([]);
    },
  );
});

describe('refused', () => {
  test.each(['tasks/get', 'tasks/result', 'tasks/cancel'])(
    '%s of what is not there, or is not theirs',
    async (method) => {
      const { taskId } = await create('start_echo', { text: 'mine' });
      const answers = await Promise.all([
        rpc(method, { taskId: UNKNOWN }),
        rpc(method, { taskId }, 'eve'),
        rpc(method, { taskId: '../../x' }),
        rpc(method, { taskId: 'x'.repeat(10_000) }),
        rpc(method, { taskId: '' }),
      ]);
      for (const { error } of answers) expect(error).toEqual(answers[0]?.error);
      expect(answers[0]?.error).toMatchObject({ code: -32602, data: { code: 'JOB_NOT_FOUND' } });
    },
  );

  test.each([undefined, 7, null, {}])('a task id that is %j', async (taskId) => {
    for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel']) {
      expect((await rpc(method, { taskId })).error.code).toBe(-32602);
    }
  });

  test.each(['nonsense', '', 'eyJ9'])('the cursor %j', async (cursor) => {
    expect((await rpc('tasks/list', { cursor })).error).toMatchObject({
      code: -32602,
      data: { code: 'INVALID_CURSOR' },
    });
  });

  test('a task of a tool that is answered at once', async () => {
    for (const name of ['nap', 'check_job', 'list_jobs']) {
      expect((await rpc('tools/call', { name, arguments: {}, task: {} })).error).toMatchObject({
        code: -32601,
      });
    }
  });

  test('wrong arguments: the caller awaits a task, and is told by an error', async () => {
    const { error } = await rpc('tools/call', { name: 'start_echo', arguments: { text: 7 }, task: {} });
    expect(error).toMatchObject({
      code: -32602,
      message: expect.stringMatching(/text.* Expected: \{text, /),
      data: { code: 'INVALID_ARGUMENTS' },
    });
  });

  test('the methods of the other generation', async () => {
    expect((await rpc('tasks/update', { taskId: UNKNOWN, inputResponses: {} })).error.code).toBe(-32601);
    for (const method of ['tasks/result', 'tasks/list']) {
      expect((await modern(cloud, method, { taskId: UNKNOWN })).error.code).toBe(-32601);
    }
  });
});
