/** Tasks of the 2026-07-28 extension at the endpoint, as they go over the wire. */
import type { LocalCloud } from '../../local/cloud.ts';
import { legacy, modern, type RpcOptions, send, TASKS } from '../support/rpc.ts';
import { sharedCloud } from '../support/shared-cloud.ts';

let cloud: LocalCloud;

beforeAll(async () => {
  cloud = await sharedCloud();
});

const UNKNOWN = 'a0000000-0000-4000-8000-000000000000';
const NONE = { capabilities: {} };
const ELICITS = { capabilities: { elicitation: {}, extensions: { [TASKS]: {} } } };
const YES = { action: 'accept', content: { approve: true } };
const RED = { action: 'accept', content: { colour: 'red' } };

const rpc = (method: string, params: Record<string, unknown> = {}, options: RpcOptions = {}) =>
  modern(cloud, method, params, options);

async function create(name: string, args: object = {}, options: RpcOptions = {}) {
  const { result, error } = await rpc('tools/call', { name, arguments: args }, options);
  expect(error).toBeUndefined();
  expect(result.resultType).toBe('task');
  return result;
}

async function until(taskId: string, status: RegExp, options: RpcOptions = {}) {
  for (;;) {
    const { result } = await rpc('tasks/get', { taskId }, { ...ELICITS, ...options });
    if (status.test(result.status)) return result;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
const END = /completed|failed|cancelled/;

test('they are offered when a client discovers the server, and nowhere else', async () => {
  const { capabilities } = (await rpc('server/discover')).result;
  expect(capabilities.extensions).toMatchObject({ [TASKS]: {} });
  expect(capabilities.tasks).toBeUndefined();
  const { result } = await legacy(cloud, 'initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'test', version: '1.0.0' },
  });
  expect(result.capabilities.extensions).not.toHaveProperty([TASKS]);
});

test('a client that declares them is answered with a task, and finds its result in it', async () => {
  const task = await create('start_echo', { text: 'hello' });
  expect(task).toEqual({
    resultType: 'task',
    taskId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    status: 'working',
    createdAt: expect.any(String),
    lastUpdatedAt: expect.any(String),
    ttlMs: expect.any(Number),
    pollIntervalMs: expect.any(Number),
    _meta: expect.anything(),
  });
  expect((await rpc('tasks/get', { taskId: task.taskId })).result).toMatchObject({ resultType: 'complete' });
  const done = await until(task.taskId, END);
  expect(done).toMatchObject({
    status: 'completed',
    result: { resultType: 'complete', structuredContent: { job_id: task.taskId, result: { text: 'hello' } } },
  });
  expect(done.pollIntervalMs).toBeUndefined();
});

test('one that does not is answered with the handle of the job, or is told what it lacks', async () => {
  const { result } = await rpc('tools/call', { name: 'start_echo', arguments: { text: 'x' } }, NONE);
  expect(result).toMatchObject({ resultType: 'complete', structuredContent: { status: 'pending' } });
  for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
    const { status, error } = await rpc(method, { taskId: UNKNOWN, inputResponses: {} }, NONE);
    expect([status, error.code]).toEqual([400, -32021]);
    expect(error.data).toEqual({ requiredCapabilities: { extensions: { [TASKS]: {} } } });
  }
});

test('what is done in time is a result, though the client takes tasks', async () => {
  const { result } = await rpc('tools/call', {
    name: 'start_echo',
    arguments: { text: 'x', wait_seconds: 20 },
  });
  expect(result).toMatchObject({ resultType: 'complete', structuredContent: { status: 'completed' } });
  const counted = await rpc('tools/call', { name: 'count', arguments: { to: 2 } });
  expect(counted.result).toMatchObject({
    resultType: 'complete',
    structuredContent: { result: { counted: 2 } },
  });
});

test('a call that takes longer than a call may goes on as a task', async () => {
  const { taskId } = await create('count', { to: 50, each_ms: 60 });
  expect((await until(taskId, END)).result.structuredContent.result.counted).toBe(50);
}, 30_000);

test('a tool that has failed is a completed task with that result; a fault of ours is a failed one', async () => {
  const failed = await until((await create('start_probe', { behaviour: 'fail' })).taskId, END);
  expect(failed).toMatchObject({
    status: 'completed',
    result: { isError: true, structuredContent: { status: 'failed', error: { code: 'SCRIPT_FAILED' } } },
  });
  for (const [behaviour, code] of [
    ['throw', 'INTERNAL_ERROR'],
    ['crash_always', 'STEP_CRASHED'],
    ['wrong_result', 'RESULT_INVALID'],
  ]) {
    const broken = await until((await create('start_probe', { behaviour })).taskId, END);
    expect(broken).toMatchObject({ status: 'failed', error: { code: -32603, data: { code } } });
    expect(broken.result).toBeUndefined();
  }
}, 30_000);

test('it is cancelled with an empty answer, and so again once it has ended', async () => {
  const { taskId } = await create('start_probe', { behaviour: 'wait' });
  const { result } = await rpc('tasks/cancel', { taskId });
  expect(Object.keys(result).sort()).toEqual(['_meta', 'resultType']);
  expect((await until(taskId, END)).status).toBe('cancelled');
  expect((await rpc('tasks/cancel', { taskId })).result.resultType).toBe('complete');
});

test('a job that waits for a file works, in the eyes of a client, and says who knows where to put it', async () => {
  const { taskId } = await create('start_take');
  let task = { status: '', statusMessage: '' };
  while (!task.statusMessage?.includes('check_job')) task = (await rpc('tasks/get', { taskId })).result;
  expect(task.status).toBe('working');
  expect(JSON.stringify(task)).not.toContain('http');
  const old = (await legacy(cloud, 'tasks/get', { taskId })).result;
  expect([old.status, old.statusMessage]).toEqual([task.status, task.statusMessage]);
  await rpc('tasks/cancel', { taskId });
});

describe('input', () => {
  const asking = async () => {
    const { taskId } = await create('start_ask');
    return until(taskId, /input_required/);
  };

  test('is asked for as an elicitation, and taken one by one', async () => {
    const { taskId, inputRequests } = await asking();
    expect(Object.keys(inputRequests)).toEqual(['approve', 'paint']);
    expect(inputRequests.paint).toMatchObject({
      method: 'elicitation/create',
      params: {
        mode: 'form',
        message: 'In which colour?',
        requestedSchema: { type: 'object', required: ['colour'] },
      },
    });
    const update = (inputResponses: object) => rpc('tasks/update', { taskId, inputResponses });
    expect((await update({ approve: YES })).result.resultType).toBe('complete');
    const partly = await until(taskId, /input_required/);
    expect([partly.status, Object.keys(partly.inputRequests)]).toEqual(['input_required', ['paint']]);
    await update({ paint: RED });
    expect((await until(taskId, END)).result.structuredContent.result.colour).toBe('red');
  });

  test('that is not asked for, or not any more, changes nothing', async () => {
    const { taskId } = await asking();
    const update = (inputResponses: object) => rpc('tasks/update', { taskId, inputResponses });
    for (const nothing of [
      {},
      { unknown: YES },
      { ['x'.repeat(5_000)]: YES },
      { __proto__: YES, constructor: YES },
      { approve: 7 },
    ]) {
      expect((await update(nothing)).result.resultType).toBe('complete');
    }
    await update({ approve: YES });
    // The first answer counts.
    await update({ approve: { action: 'decline' }, paint: RED });
    expect((await until(taskId, END)).status).toBe('completed');
    expect((await update({ approve: YES })).result.resultType).toBe('complete');
  });

  test.each([
    ['without an action', { content: { approve: true } }],
    ['of another action', { action: 'maybe' }],
    ['without content', { action: 'accept' }],
    ['of the wrong type', { action: 'accept', content: { approve: 'yes' } }],
    ['without what is required', { action: 'accept', content: {} }],
  ])('%s is refused, and the question stays open', async (_what, approve) => {
    const { taskId } = await asking();
    const { error } = await rpc('tasks/update', { taskId, inputResponses: { approve } });
    expect(error).toMatchObject({
      code: -32602,
      data: { code: 'INVALID_ARGUMENTS' },
      message: expect.stringContaining('approve'),
    });
    const { inputRequests } = await until(taskId, /input_required/);
    expect(Object.keys(inputRequests)).toEqual(['approve', 'paint']);
    await rpc('tasks/cancel', { taskId });
  });

  test('of two who answer at once, one is first', async () => {
    const { taskId } = await asking();
    const colours = ['red', 'green'].map((colour) => ({ action: 'accept', content: { colour } }));
    const answers = await Promise.all(
      colours.map((paint) => rpc('tasks/update', { taskId, inputResponses: { approve: YES, paint } })),
    );
    expect(answers.map(({ result }) => result.resultType)).toEqual(['complete', 'complete']);
    expect((await until(taskId, END)).result.structuredContent.result.colour).toMatch(/red|green/);
  });

  test('that a call asks for is asked of a client that can ask, and else by a job', async () => {
    const { result } = await rpc('tools/call', { name: 'inquire', arguments: {} }, ELICITS);
    expect(result).toMatchObject({
      resultType: 'input_required',
      inputRequests: { colour: { method: 'elicitation/create', params: { message: 'Which colour?' } } },
    });
    const again = await rpc(
      'tools/call',
      { name: 'inquire', arguments: {}, inputResponses: { colour: RED } },
      ELICITS,
    );
    expect(again.result).toMatchObject({
      resultType: 'complete',
      structuredContent: { result: { colour: 'red' } },
    });

    const wrong = { colour: { action: 'accept', content: { colour: 'blue' } } };
    const asked = await rpc('tools/call', { name: 'inquire', arguments: {}, inputResponses: wrong }, ELICITS);
    expect(asked.result.resultType).toBe('input_required');

    const { taskId } = await create('inquire');
    expect(Object.keys((await until(taskId, /input_required/)).inputRequests)).toEqual(['colour']);
    await rpc('tasks/update', { taskId, inputResponses: { colour: RED } });
    expect((await until(taskId, END)).result.structuredContent.result).toEqual({ colour: 'red' });
  });

  test('of a tool that can be no job is asked of who can ask, and refused to others', async () => {
    const params = { name: 'nap', arguments: { ms: 1, ends: 'asking' } };
    const { result } = await rpc('tools/call', params, ELICITS);
    expect(Object.keys(result.inputRequests)).toEqual(['well']);
    const inputResponses = { well: { action: 'decline' } };
    const again = await rpc('tools/call', { ...params, inputResponses }, ELICITS);
    expect(again.result.structuredContent).toEqual({ slept_ms: 1 });

    const { status, error } = await rpc('tools/call', params);
    expect([status, error.code]).toEqual([400, -32021]);
    expect(error.data).toEqual({ requiredCapabilities: { elicitation: {} } });
    const old = await legacy(cloud, 'tools/call', params);
    expect(old.result.structuredContent.error).toMatchObject({
      code: 'ELICITATION_REQUIRED',
      message: expect.stringContaining('Slept well?'),
    });
  });

  test('in a second round is asked by a job that has the answers of the first', async () => {
    const params = { name: 'inquire', arguments: { twice: true }, inputResponses: { colour: RED } };
    const { result } = await rpc('tools/call', params, ELICITS);
    expect(result.resultType).toBe('task');
    const { inputRequests } = await until(result.taskId, /input_required/);
    expect(Object.keys(inputRequests)).toEqual(['sure']);
    await rpc('tasks/update', {
      taskId: result.taskId,
      inputResponses: { sure: { action: 'accept', content: { sure: true } } },
    });
    expect((await until(result.taskId, END)).result.structuredContent.result).toEqual({ colour: 'red' });
  });
});

test('a client that leaves out the headers of a task is served: the body says it all', async () => {
  const { taskId } = await create('start_ask');
  const headers = { 'mcp-protocol-version': undefined, 'mcp-method': undefined, 'mcp-name': undefined };
  expect((await rpc('tasks/get', { taskId }, { headers })).result).toMatchObject({ taskId });
  expect((await rpc('tasks/update', { taskId, inputResponses: {} }, { headers })).error).toBeUndefined();
  expect((await rpc('tasks/cancel', { taskId }, { headers })).error).toBeUndefined();
  expect((await rpc('tasks/get', { taskId })).result).toMatchObject({ status: 'cancelled' });
});

describe('refused', () => {
  test.each(['tasks/get', 'tasks/update', 'tasks/cancel'])(
    '%s of what is not there, or is not theirs',
    async (method) => {
      const { taskId } = await create('start_echo', { text: 'mine' });
      const answers = await Promise.all([
        rpc(method, { taskId: UNKNOWN, inputResponses: { a: YES } }),
        rpc(method, { taskId, inputResponses: { a: YES } }, { owner: 'eve' }),
        rpc(method, { taskId: '../../x', inputResponses: { a: YES } }),
        rpc(method, { taskId: '', inputResponses: { a: YES } }, { headers: { 'mcp-name': '' } }),
      ]);
      for (const { error } of answers) expect(error).toEqual(answers[0]?.error);
      expect(answers[0]?.error).toMatchObject({ code: -32602, data: { code: 'JOB_NOT_FOUND' } });
    },
  );

  test.each([
    ['another Mcp-Method', { 'mcp-method': 'tasks/cancel' }],
    ['another Mcp-Name', { 'mcp-name': UNKNOWN }],
    ['another version', { 'mcp-protocol-version': '2025-11-25' }],
  ])('%s', async (_what, headers) => {
    const { taskId } = await create('start_echo', { text: 'x' });
    const { status, error } = await rpc('tasks/get', { taskId }, { headers });
    expect([status, error.code]).toEqual([400, -32020]);
  });

  test('a call without its headers, before a job exists', async () => {
    const params = { name: 'start_echo', arguments: { text: 'x' } };
    for (const name of ['mcp-method', 'mcp-name']) {
      const headers = { [name]: undefined };
      const { status, error } = await rpc('tools/call', params, { owner: 'headerless', headers });
      expect([status, error.code]).toEqual([400, -32020]);
    }
    const { result } = await rpc('tools/call', { name: 'list_jobs' }, { owner: 'headerless' });
    expect(result.structuredContent.jobs).toEqual([]);
  });

  test.each([undefined, 7, null, {}])('a task id that is %j', async (taskId) => {
    expect((await rpc('tasks/get', { taskId })).error.code).toBe(-32602);
  });

  test('a batch', async () => {
    const batch = JSON.stringify(
      [1, 2].map((id) => ({ jsonrpc: '2.0', id, method: 'tasks/get', params: { taskId: UNKNOWN } })),
    );
    const answer = await send(cloud, 'ada', batch, {
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tasks/get',
    });
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('"error"')]);
  });

  test('a legacy task parameter is no wish for a task', async () => {
    const { result } = await rpc(
      'tools/call',
      { name: 'start_echo', arguments: { text: 'x' }, task: { ttl: 1 } },
      NONE,
    );
    expect(result.resultType).toBe('complete');
  });
});
