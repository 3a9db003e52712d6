/** Tests the stream of `tasks/result`: what it sends once, how it ends, and how a client resumes it. */
import { text } from 'node:stream/consumers';
import type { Job } from '../../lambdas/jobs/job.ts';
import { readElicitationAnswer } from '../../lambdas/mcp/tasks/elicitation-answer.ts';
import {
  readLastEventId,
  readResultRequest,
  resumeResult,
  type StreamContext,
  streamResult,
} from '../../lambdas/mcp/tasks/stream-result.ts';
import { AppError, ErrorCode } from '../../lambdas/shared/errors.ts';
import { freeSlots } from '../support/free-slots.ts';

const jobId = 'a0000000-0000-4000-8000-000000000000';
const asking = {
  jobId,
  status: 'input_required',
  progress: 0.25,
  message: 'May it go on?',
  inputRequests: { approve: { step: 'confirm', message: 'May it go on?', schema: { type: 'object' } } },
} as unknown as Job;
const running = { jobId, status: 'running', progress: 0.5, message: 'Running release.' } as Job;
const completed = { ...running, status: 'completed' } as Job;
const cancelled = { ...running, status: 'cancelled', message: 'Cancelled on request.' } as Job;

/** The task as it is read, one state after another; the last one stays. */
function contextOf(states: readonly Job[], overrides: Partial<StreamContext> = {}): StreamContext {
  const left = [...states];
  const next = () => (left.length > 1 ? left.shift() : left[0]) as Job;
  return {
    tasks: {
      find: async () => next(),
      findAll: async () => [next()],
      result: async () => ({ content: [], structuredContent: { status: 'completed' } }),
      pollIntervalMs: () => 1_000,
    } as never,
    waits: freeSlots,
    caller: { owner: 'ada', scopes: ['jobs:read', 'jobs:write'] },
    elicits: { form: true, url: false },
    version: '2025-11-25',
    endsAtMs: Date.now() + 10_000,
    ...overrides,
  };
}

function start(_meta?: object) {
  const request = readResultRequest({
    jsonrpc: '2.0',
    id: 7,
    method: 'tasks/result',
    params: { taskId: jobId, _meta },
  });
  if (!request) throw new Error('It is no such request.');
  return request;
}

async function read(response: Response) {
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const events = (await text(response.body as never)).split('\n\n').filter(Boolean);
  const ids = events.flatMap((event) => /^id: (.*)$/m.exec(event)?.[1] ?? []);
  const messages = events.flatMap((event) => {
    const data = /^data: (.+)$/m.exec(event)?.[1];
    return data ? [JSON.parse(data)] : [];
  });
  return { messages, ids, last: readLastEventId(ids.at(-1) ?? null) };
}

test('a question is asked once, and the result follows', async () => {
  const { messages, last } = await read(
    await streamResult(start({ progressToken: 'p' }), contextOf([asking, asking, completed])),
  );
  const related = { 'io.modelcontextprotocol/related-task': { taskId: jobId } };
  expect(messages.map(({ method }) => method)).toEqual([
    'elicitation/create',
    'notifications/progress',
    undefined,
  ]);
  expect(messages[0].params).toMatchObject({ mode: 'form', message: 'May it go on?', _meta: related });
  expect(readElicitationAnswer({ id: messages[0].id, result: {} })).toMatchObject({ jobId, key: 'approve' });
  expect(messages[2]).toMatchObject({ id: 7, result: { _meta: related } });
  // The client has it all.
  expect(last).toBeUndefined();
});

test('a stream that ends in time has no response; its client resumes it, and is not asked again', async () => {
  const endsAtMs = Date.now() + 500;
  const first = await read(await streamResult(start(), contextOf([asking], { endsAtMs })));
  expect(Date.now()).toBeLessThanOrEqual(endsAtMs);
  expect(first.messages.map(({ method }) => method)).toEqual(['elicitation/create']);
  expect(first.last).toMatchObject({ id: 7, taskId: jobId, asked: ['approve'] });
  const rest = await read(await resumeResult(first.last as never, contextOf([asking, completed])));
  expect(rest.messages).toEqual([expect.objectContaining({ id: 7, result: expect.anything() })]);
  const ended = await read(await resumeResult(first.last as never, contextOf([cancelled])));
  expect(ended.messages).toMatchObject([{ id: 7, error: { data: { code: 'TASK_CANCELLED' } } }]);
  expect(ended.last).toBeUndefined();
});

test.each([
  ['does not elicit', { elicits: { form: false, url: false } }],
  ['may not answer', { caller: { owner: 'ada', scopes: ['jobs:read'] } }],
])('a client that %s is asked nothing', async (_what, overrides) => {
  const { messages } = await read(await streamResult(start(), contextOf([asking, completed], overrides)));
  expect(messages).toHaveLength(1);
});

test('a client of an earlier revision, which cannot resume, is told to call again', async () => {
  const context = contextOf([running], { version: '2025-06-18', endsAtMs: Date.now() + 500 });
  const { messages } = await read(await streamResult(start(), context));
  expect(messages).toMatchObject([{ id: 7, error: { data: { code: 'RESULT_NOT_READY', retryable: true } } }]);
});

test('a client without a free slot comes back later', async () => {
  const exhausted = () => new AppError(ErrorCode.resourceExhausted, 'Too many.', { retryable: true });
  const waits = { take: async () => undefined, exhausted };
  const { messages, last } = await read(await streamResult(start(), contextOf([running], { waits })));
  expect(messages).toEqual([]);
  expect(last).toMatchObject({ taskId: jobId });
  const refused = await streamResult(start(), contextOf([running], { waits, version: null }));
  expect(await refused.json()).toMatchObject({ id: 7, error: { code: -32603 } });
});

test('what has ended is answered in JSON', async () => {
  const response = await streamResult(start(), contextOf([completed]));
  expect(await response.json()).toMatchObject({ id: 7, result: { structuredContent: {} } });
});

test.each([
  { method: 'tasks/result', id: 1, params: { taskId: 7 } },
  { method: 'tasks/result', params: { taskId: jobId } },
  { method: 'tasks/result', id: 'x'.repeat(300), params: { taskId: jobId } },
  { method: 'tasks/get', id: 1, params: { taskId: jobId } },
  null,
])('another request is left to the SDK: %j', (body) => {
  expect(readResultRequest(body)).toBeUndefined();
});

test.each([null, '', 'x', Buffer.from('{}').toString('base64url')])('%j resumes nothing', (header) => {
  expect(readLastEventId(header)).toBeUndefined();
});

test.each([
  { id: 1, result: {} },
  { id: `elicitation/${jobId}/` },
  { id: `elicitation/${jobId}/approve`, method: 'tools/call' },
  null,
])('%j answers nothing', (body) => {
  expect(readElicitationAnswer(body)).toBeUndefined();
});
