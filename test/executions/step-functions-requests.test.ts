/** Tests the signed requests to Step Functions and Lambda, and what their responses mean. `fetch` is a fake. */

import { jest } from '@jest/globals';
import * as z from 'zod';
import type { CallEvent } from '../../lambdas/definition/call-protocol.ts';
import type {
  OperationDefinition,
  StateMachineOperation,
} from '../../lambdas/definition/operation-definition.ts';
import { ExecutionHistory } from '../../lambdas/executions/execution-history.ts';
import { ExpressCalls } from '../../lambdas/executions/express-calls.ts';
import { SyncCalls } from '../../lambdas/executions/sync-calls.ts';
import { log } from '../../lambdas/shared/observability/log.ts';

const MACHINE = 'arn:aws:states:us-east-1:000000000000:stateMachine:quote';
const EXECUTION = 'arn:aws:states:us-east-1:000000000000:execution:quote:job';
const variables = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'id',
  AWS_SECRET_ACCESS_KEY: 'secret',
  STATE_MACHINE_ARN_PREFIX: 'arn:aws:states:us-east-1:000000000000:stateMachine:',
  FUNCTION_NAME_PREFIX: 'jobs-',
};
const before = { ...process.env };

let requests: { readonly url: string; readonly target: string | null; readonly body: unknown }[];
let respond: (target: string, body: never) => Response | Promise<Response>;

beforeAll(() => Object.assign(process.env, variables));
afterAll(() => {
  for (const name of Object.keys(variables)) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
});
beforeEach(() => {
  requests = [];
  jest.spyOn(globalThis, 'fetch').mockImplementation(async (input) => {
    const request = input as Request;
    const target = request.headers.get('x-amz-target');
    const body = (await request.json()) as never;
    requests.push({ url: request.url, target, body });
    return respond(target ?? '', body);
  });
});
afterEach(() => jest.restoreAllMocks());

/** Waits for requests that a failed read has left behind. */
async function requestsReach(count: number): Promise<void> {
  while (requests.length < count) await new Promise((resolve) => setImmediate(resolve));
}

const failure = (name: string, status = 400) => Response.json({ __type: name, message: 'why' }, { status });

describe('the history of an execution', () => {
  const job = { jobId: 'job', operation: 'quote', createdAt: '2026-01-01T00:00:00.000Z' };
  const definition = JSON.stringify({ States: { first: {}, second: {}, third: {} } });
  /** Epoch seconds, as Step Functions sends them. */
  const UPDATED = Date.parse(job.createdAt) / 1_000 - 60;
  const entered = (...names: readonly string[]) =>
    Response.json({
      events: [
        { timestamp: 9 },
        ...names.map((name, index) => ({ timestamp: 8.1239 - index, stateEnteredEventDetails: { name } })),
      ],
    });

  test('has the top-level states and the entered ones without duplicates', async () => {
    respond = (target) =>
      target.includes('Describe')
        ? Response.json({ definition, updateDate: UPDATED })
        : entered('second', 'inner', 'second', 'first');
    expect(await new ExecutionHistory().enteredStates(job)).toEqual({
      states: ['first', 'second', 'third'],
      entered: ['second', 'first'],
      entries: [
        { state: 'first', atMs: 5_124 },
        { state: 'second', atMs: 6_124 },
        { state: 'second', atMs: 8_124 },
      ],
    });
    // The two requests go out together, in any order.
    requests.sort((a, b) => String(a.target).localeCompare(String(b.target)));
    expect(requests).toEqual([
      {
        url: 'https://states.us-east-1.amazonaws.com/',
        target: 'AWSStepFunctions.DescribeStateMachineForExecution',
        body: { executionArn: EXECUTION },
      },
      {
        url: 'https://states.us-east-1.amazonaws.com/',
        target: 'AWSStepFunctions.GetExecutionHistory',
        body: { executionArn: EXECUTION, reverseOrder: true, maxResults: 1_000, includeExecutionData: false },
      },
    ]);
  });

  describe('of an ended job', () => {
    const input = JSON.stringify({ jobId: 'job', finished: { first: { result: 1 } } });
    const lastState = { stateEnteredEventDetails: { name: 'failed', input } };
    const read = { executionArn: EXECUTION, reverseOrder: true, maxResults: 100, includeExecutionData: true };

    test('has what the finished steps returned, in the last state that it entered', async () => {
      const earlier = { stateEnteredEventDetails: { name: 'first', input: '{"finished":{}}' } };
      respond = () => Response.json({ events: [{}, lastState, {}, earlier], nextToken: 'more' });
      expect(await new ExecutionHistory().finishedSteps(job)).toEqual({ first: { result: 1 } });
      expect(requests.map(({ body }) => body)).toEqual([read]);
    });

    test('is read on behind the retries of a state, at most five pages', async () => {
      let pages = 0;
      respond = () => {
        pages += 1;
        return Response.json({ events: pages === 3 ? [lastState] : [{}], nextToken: String(pages) });
      };
      expect(await new ExecutionHistory().finishedSteps(job)).toEqual({ first: { result: 1 } });
      expect(requests.map(({ body }) => body)).toEqual([
        read,
        { ...read, nextToken: '1' },
        { ...read, nextToken: '2' },
      ]);
      expect(await new ExecutionHistory().finishedSteps(job)).toBeUndefined();
      expect(requests).toHaveLength(3 + 5);
    });

    test('is undefined for an execution that does not exist, or that has entered no state', async () => {
      respond = () => failure('ExecutionDoesNotExist');
      expect(await new ExecutionHistory().finishedSteps(job)).toBeUndefined();
      respond = () => Response.json({ events: [{}] });
      expect(await new ExecutionHistory().finishedSteps(job)).toBeUndefined();
    });

    test('is not read for ten seconds after Step Functions has throttled a read', async () => {
      jest.spyOn(log, 'warn').mockImplementation(() => {});
      let now = 0;
      const history = new ExecutionHistory(() => now);
      respond = () => failure('ThrottlingException');
      const busy = { code: 'RESOURCE_EXHAUSTED', retryable: true };
      await expect(history.finishedSteps(job)).rejects.toMatchObject(busy);
      now = 4_000;
      await expect(history.finishedSteps(job)).rejects.toMatchObject({
        ...busy,
        details: { retry_after_ms: 6_000 },
      });
      expect(requests).toHaveLength(1);
      now = 10_000;
      respond = () => Response.json({ events: [lastState] });
      expect(await history.finishedSteps(job)).toEqual({ first: { result: 1 } });
    });
  });

  const countReads = () => requests.filter(({ target }) => target?.includes('Describe')).length;
  const createdAt = (seconds: number) => new Date(Date.parse(job.createdAt) + seconds * 1_000).toISOString();
  /** Responds with the revision that an execution has, by its name. */
  const respondWith = (revisionOf: (name: string) => object, states: readonly string[] = []) => {
    respond = (target, body: { executionArn: string }) =>
      target.includes('Describe')
        ? Response.json(revisionOf(body.executionArn.split(':').at(-1) ?? ''))
        : entered(...states);
  };

  test('reads the definition once for the jobs of a minute, however many they are', async () => {
    respondWith(() => ({ definition, updateDate: UPDATED }));
    const history = new ExecutionHistory();
    for (let index = 0; index <= 60; index++)
      await history.enteredStates({ ...job, jobId: `job-${index}`, createdAt: createdAt(index) });
    expect(countReads()).toBe(1);
    await history.enteredStates({ ...job, jobId: 'job-61', createdAt: createdAt(61) });
    expect(countReads()).toBe(2);
    await history.enteredStates({ ...job, jobId: 'job-62', createdAt: createdAt(121) });
    expect(countReads()).toBe(2);
  });

  test('reads the definition of a job that is older than the known revision, once', async () => {
    const old = JSON.stringify({ States: { old: {} } });
    respondWith((name) =>
      name === 'old' ? { definition: old, updateDate: 0 } : { definition, updateDate: UPDATED },
    );
    const history = new ExecutionHistory();
    await history.enteredStates(job);
    const older = { ...job, jobId: 'old', createdAt: createdAt(-3_600) };
    for (let reads = 0; reads < 2; reads++)
      expect(await history.enteredStates(older)).toMatchObject({ states: ['old'] });
    expect(await history.enteredStates(job)).toMatchObject({ states: ['first', 'second', 'third'] });
    expect(countReads()).toBe(2);
  });

  test('reads the definition again for a state that the known revision lacks', async () => {
    const changed = JSON.stringify({ States: { first: {}, added: {} } });
    respondWith((name) =>
      name === 'young'
        ? { definition: changed, updateDate: UPDATED + 10 }
        : { definition, updateDate: UPDATED },
    );
    const history = new ExecutionHistory();
    await history.enteredStates(job);
    respondWith(() => ({ definition: changed, updateDate: UPDATED + 10 }), ['added', 'first']);
    const young = { ...job, jobId: 'young', createdAt: createdAt(20) };
    expect(await history.enteredStates(young)).toMatchObject({
      states: ['first', 'added'],
      entered: ['added', 'first'],
    });
    await history.enteredStates(young);
    expect(countReads()).toBe(2);
  });

  test('knows the states inside of branches and maps, which are not read again', async () => {
    const inner = (name: string) => ({ States: { [name]: {} } });
    const nested = {
      States: {
        first: { Branches: [inner('branch')] },
        second: { ItemProcessor: inner('item'), Iterator: inner('old item') },
      },
    };
    respondWith(
      () => ({ definition: JSON.stringify(nested), updateDate: UPDATED }),
      ['item', 'old item', 'second', 'branch', 'first'],
    );
    const history = new ExecutionHistory();
    for (let reads = 0; reads < 2; reads++)
      expect(await history.enteredStates(job)).toMatchObject({
        states: ['first', 'second'],
        entered: ['second', 'first'],
      });
    expect(countReads()).toBe(1);
  });

  test('keeps ten revisions of a state machine', async () => {
    respondWith((name) => ({ definition, updateDate: UPDATED - Number(name) * 3_600 }));
    const history = new ExecutionHistory();
    const read = (hours: number) =>
      history.enteredStates({ ...job, jobId: `${hours}`, createdAt: createdAt(-hours * 3_600) });
    for (let hours = 0; hours <= 10; hours++) await read(hours);
    for (let hours = 0; hours <= 9; hours++) await read(hours);
    expect(countReads()).toBe(11);
    await read(10);
    expect(countReads()).toBe(12);
  });

  test('is not read for ten seconds after Step Functions has throttled a read', async () => {
    const warn = jest.spyOn(log, 'warn').mockImplementation(() => {});
    let now = 0;
    const history = new ExecutionHistory(() => now);
    respond = () => failure('ThrottlingException');
    expect(await history.enteredStates(job)).toBeUndefined();
    await requestsReach(2);
    now = 9_999;
    expect(await history.enteredStates({ ...job, jobId: 'other' })).toBeUndefined();
    expect(requests).toHaveLength(2);
    expect(warn).toHaveBeenCalledTimes(1);
    now = 10_000;
    respondWith(() => ({ definition, updateDate: UPDATED }), ['first']);
    expect(await history.enteredStates(job)).toMatchObject({ entered: ['first'] });
  });

  test('of an execution that does not exist is undefined', async () => {
    respond = () => failure('com.amazonaws#ExecutionDoesNotExist');
    expect(await new ExecutionHistory().enteredStates(job)).toBeUndefined();
    await requestsReach(2);
  });

  test('that cannot be read is an error', async () => {
    respond = () => failure('AccessDeniedException');
    await expect(new ExecutionHistory().enteredStates(job)).rejects.toThrow('why');
    respond = async () => {
      throw Object.assign(new Error('offline'), { name: 'ExecutionDoesNotExist' });
    };
    await expect(new ExecutionHistory().enteredStates(job)).rejects.toThrow('offline');
    await requestsReach(4);
  });
});

describe('a call of an Express state machine', () => {
  const quote = {
    name: 'quote',
    execution: { mode: 'sync', limitMs: 30_000 },
    stateMachine: {},
    output: z.object({ price: z.number() }),
  } as unknown as StateMachineOperation;
  const invoke = (operation = quote) => new ExpressCalls().invoke(operation, 'name', { x: 1 });

  test('returns its output', async () => {
    respond = () => Response.json({ status: 'SUCCEEDED', output: '{"price":3}' });
    expect(await invoke()).toEqual({ result: { price: 3 } });
    expect(requests).toEqual([
      {
        url: 'https://sync-states.us-east-1.amazonaws.com/',
        target: 'AWSStepFunctions.StartSyncExecution',
        body: { stateMachineArn: MACHINE, name: 'name', input: '{"x":1}' },
      },
    ]);
  });

  test('without an output returns null', async () => {
    respond = () => Response.json({ status: 'SUCCEEDED' });
    expect(await invoke({ ...quote, output: undefined })).toEqual({ result: null });
  });

  test('whose output does not match is an error', async () => {
    respond = () => Response.json({ status: 'SUCCEEDED', output: '{}' });
    await expect(invoke()).rejects.toMatchObject({ code: 'RESULT_INVALID' });
  });

  test('that fails shows the name of the error, and keeps its cause for the log', async () => {
    respond = () => Response.json({ status: 'FAILED', error: 'NoPrice', cause: 'c'.repeat(1_001) });
    await expect(invoke()).rejects.toMatchObject({
      code: 'EXECUTION_FAILED',
      retryable: false,
      details: { status: 'FAILED', error: 'NoPrice' },
      cause: 'c'.repeat(1_000),
    });
    respond = () => Response.json({ status: 'FAILED' });
    await expect(invoke()).rejects.toMatchObject({ code: 'EXECUTION_FAILED' });
  });

  const timedOut = {
    code: 'TIMED_OUT',
    message: 'quote exceeded its limit of 30 s. Request less work, or call again.',
    retryable: true,
    details: { limit_seconds: 30 },
  };

  test('that exceeds the timeout of its state machine times out', async () => {
    respond = () => Response.json({ status: 'TIMED_OUT' });
    await expect(invoke()).rejects.toMatchObject(timedOut);
  });

  test('that exceeds its limit times out', async () => {
    const limits: number[] = [];
    jest.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
      limits.push(ms);
      return AbortSignal.abort();
    });
    jest.spyOn(globalThis, 'fetch').mockRejectedValue(new Error('aborted'));
    await expect(invoke()).rejects.toMatchObject(timedOut);
    expect(limits).toEqual([30_000]);
    await expect(invoke({ ...quote, execution: { mode: 'job', maxWaitMs: 5 } })).rejects.toMatchObject({
      details: { limit_seconds: 0 },
    });
  });

  test.each([
    'ThrottlingException',
    'ExecutionLimitExceeded',
    'TooManyRequestsException',
    'ServiceUnavailableException',
  ])('that meets %s can be repeated', async (name) => {
    respond = () => failure(name);
    await expect(invoke()).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: 'quote is busy: too many calls at once. Call again in a few seconds.',
      retryable: true,
      cause: { name },
    });
  });

  test.each([429, 500, 599])('that meets status %i without a name can be repeated', async (status) => {
    respond = () => new Response('no json', { status });
    await expect(invoke()).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
  });

  test.each(['AccessDeniedException', 'x500', '5000', 'x429', '4290', '5xx'])(
    'that meets %s is an internal error',
    async (name) => {
      respond = () => failure(name);
      await expect(invoke()).rejects.toMatchObject({ name, message: 'why' });
    },
  );

  test('that cannot connect is an internal error', async () => {
    respond = async () => {
      throw Object.assign(new Error('offline'), { name: 'ThrottlingException' });
    };
    await expect(invoke()).rejects.toThrow('offline');
  });
});

describe('a call of a function', () => {
  const search = {
    name: 'search',
    execution: { mode: 'sync', limitMs: 2_000 },
    steps: {},
  } as unknown as OperationDefinition;
  const event: CallEvent = { call: { jobId: 'job', owner: 'alice', input: { x: 1 } } };
  const invoke = (operation = search) => new SyncCalls().invoke(operation, event);

  test('returns its result within the limit and the time of a cold start', async () => {
    const timeout = jest.spyOn(AbortSignal, 'timeout');
    respond = () => Response.json({ result: { y: 2 } });
    expect(await invoke()).toEqual({ result: { y: 2 } });
    expect(requests).toEqual([
      {
        url: 'https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/jobs-search/invocations',
        target: null,
        body: event,
      },
    ]);
    expect(timeout).toHaveBeenCalledWith(7_000);
    await invoke({ ...search, execution: { mode: 'job', maxWaitMs: 9_000 } } as OperationDefinition);
    expect(timeout).toHaveBeenLastCalledWith(5_000);
  });

  test('of an external state machine runs its execution', async () => {
    respond = () => Response.json({ status: 'SUCCEEDED', output: '1' });
    const quote = {
      name: 'quote',
      execution: search.execution,
      stateMachine: {},
    } as unknown as OperationDefinition;
    expect(await invoke(quote)).toEqual({ result: 1 });
    expect(requests[0]?.body).toEqual({ stateMachineArn: MACHINE, name: 'job', input: '{"x":1}' });
  });

  test.each([429, 500, 503])('that responds %i can be repeated, once', async (status) => {
    respond = () => new Response('busy', { status });
    await expect(invoke()).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: 'search is busy: too many calls at once. Call again in a few seconds.',
      retryable: true,
      cause: 'busy',
    });
    expect(requests).toHaveLength(1);
  });

  test.each([
    ['rejects the call', new Response('x'.repeat(1_001), { status: 403 }), 403],
    ['throws', new Response('x'.repeat(1_001), { headers: { 'x-amz-function-error': 'Unhandled' } }), 200],
  ])('that %s is an internal error with the start of its text', async (_what, response, status) => {
    respond = () => response;
    await expect(invoke()).rejects.toThrow(
      new Error(`The function of search responded with ${status}: ${'x'.repeat(1_000)}`),
    );
  });

  test('that does not respond in time can be repeated', async () => {
    const cause = new Error('aborted');
    respond = async () => {
      throw cause;
    };
    await expect(invoke()).rejects.toMatchObject({
      code: 'TIMED_OUT',
      message: 'search did not respond in time. Call again.',
      retryable: true,
      cause,
    });
  });

  test('with another shape of result is an internal error', async () => {
    respond = () => Response.json({ other: 1 });
    await expect(invoke()).rejects.toThrow(z.ZodError);
  });
});
