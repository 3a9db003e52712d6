/** Tests what a report of a sandbox does, with a jobs table of its own. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { JobStore } from '../../../lambdas/jobs/job-store.ts';
import { AttemptSeal, type AttemptState, EMPTY_LOG } from '../../../lambdas/runner/sandbox/attempt-state.ts';
import { MAX_BODY_BYTES, type SandboxReport, writeReport } from '../../../lambdas/runner/sandbox/protocol.ts';
import { ReportOrder } from '../../../lambdas/runner/sandbox/report-order.ts';
import { type AttemptEnd, createReportTaker } from '../../../lambdas/runner/sandbox/take-report.ts';
import { StepFunctionsError } from '../../../lambdas/shared/aws/step-functions-calls.ts';
import { log } from '../../../lambdas/shared/observability/log.ts';
import { startJobsTable, TABLE_NAME } from '../../support/jobs-table.ts';
import { MemoryFiles } from '../../support/memory-files.ts';

const seal = new AttemptSeal({ get: async () => ({ current: 'a text to make the key from' }) });

let table: Awaited<ReturnType<typeof startJobsTable>>;
let jobs: JobStore;
let files: MemoryFiles;
/** Calls of Step Functions. */
let calls: [string, Record<string, unknown>][];
let isWaiting: boolean;
/** What the runner returns. */
let ended: AttemptEnd;
const end = jest.fn<Parameters<typeof createReportTaker>[0]['end']>(async () => ended);

beforeAll(async () => {
  table = await startJobsTable();
  jobs = new JobStore({ client: table.client, tableName: TABLE_NAME });
});
afterAll(() => table.close());
beforeEach(() => {
  files = new MemoryFiles();
  calls = [];
  isWaiting = true;
  ended = { output: '{"result":1}' };
  end.mockClear();
  jest.spyOn(log, 'warn').mockImplementation(() => {});
  jest.spyOn(log, 'info').mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

function createTaker() {
  return createReportTaker({
    jobs,
    files,
    seal,
    order: new ReportOrder(),
    states: async (action, input) => {
      calls.push([action, input]);
      if (!isWaiting) throw new StepFunctionsError('TaskTimedOut', 'It does not wait.');
    },
    end,
  });
}

/** A new job, and the state of an attempt of its first step of two. */
async function newAttempt(changes: Partial<AttemptState> = {}): Promise<AttemptState> {
  const jobId = randomUUID();
  const fields = { owner: 'alice', operation: 'build', input: {}, inputHash: '', retentionSeconds: 60 };
  await jobs.create({ jobId, ...fields, longestRunMs: 60_000 });
  return {
    operation: 'build',
    step: 'compile',
    jobId,
    owner: 'alice',
    attempt: 0,
    taskToken: 'task',
    runner: 'arn:runner:1',
    attemptId: randomUUID(),
    limitMs: 60_000,
    begin: { stepUsage: {}, stepFunction: { memoryMb: 256, sandboxMb: 512 } },
    from: 0,
    to: 0.5,
    logs: {},
    reads: 0,
    writes: [],
    log: EMPTY_LOG,
    logStart: 0,
    sequence: 0,
    used: {},
    ...changes,
  };
}

/** Sends reports as the sandbox of one attempt does. */
class Sender {
  take = createTaker();
  token = '';

  static async of(state: AttemptState): Promise<Sender> {
    const sender = new Sender();
    sender.token = await seal.seal(state);
    return sender;
  }

  async send(report: SandboxReport, token = this.token) {
    const response = await this.take(writeReport(token, report), 'request');
    this.token = response.token ?? this.token;
    return response;
  }

  begin() {
    return this.send({ claim: randomUUID() });
  }
}

function passTime(ms: number): void {
  const now = Date.now();
  jest.spyOn(Date, 'now').mockImplementation(() => now + ms);
}

const refusal = (sent: Promise<unknown>) =>
  sent.then(
    () => undefined,
    ({ status, code }) => ({ status, code }),
  );

describe('a request that is no report', () => {
  test.each<[string, () => Promise<string> | string, number, string]>([
    ['is too large', () => 'x'.repeat(MAX_BODY_BYTES + 1), 413, 'REPORT_TOO_LARGE'],
    ['is not JSON', () => 'x', 400, 'REPORT_INVALID'],
    ['has another shape', () => '{"token":1}', 400, 'REPORT_INVALID'],
    ['has a token of its own', () => writeReport('A'.repeat(100), {}), 401, 'REPORT_TOKEN_INVALID'],
    ['has no claim', async () => writeReport(await seal.seal(await newAttempt()), {}), 400, 'REPORT_INVALID'],
    [
      'comes after too many others',
      async () => writeReport(await seal.seal(await newAttempt({ sequence: 161 })), {}),
      429,
      'REPORT_LIMIT_EXCEEDED',
    ],
  ])('is refused: it %s', async (_what, body, status, code) => {
    expect(await refusal(createTaker()(await body(), 'request'))).toEqual({ status, code });
    expect(calls).toEqual([]);
  });
});

test('the first report begins the step, and a second delivery of the event does not run it', async () => {
  const state = await newAttempt();
  const [first, second] = [await Sender.of(state), await Sender.of(state)];
  const claim = randomUUID();
  const { token } = first;
  expect(await first.send({ claim })).toMatchObject({ continue: true, next_ms: 10_000 });
  expect(await second.begin()).toEqual({ continue: false });
  // The response was lost.
  expect(await first.send({ claim }, token)).toMatchObject({ continue: true });
  const job = await jobs.find(state.jobId);
  expect(job).toMatchObject({ status: 'running', step: 'compile', version: 2 });
  expect(job?.timeline).toEqual([{ step: 'compile', began: expect.any(Number) }]);
});

test('an attempt that Step Functions has given up does not take the job over', async () => {
  const state = await newAttempt();
  isWaiting = false;
  expect(await (await Sender.of(state)).begin()).toEqual({ continue: false });
  expect(await jobs.find(state.jobId)).toMatchObject({ status: 'pending', version: 1 });
});

test('a report writes progress, adds to the log and is a heartbeat; its repetition changes nothing', async () => {
  const state = await newAttempt();
  const sender = await Sender.of(state);
  await sender.begin();
  const { token } = sender;
  passTime(10_000);
  await sender.send({ progress: 0.5, message: 'Half.', log: 'one\n' });
  await sender.send({ progress: 0.5, message: 'Half.', log: 'one\n' }, token);
  await sender.send({ log: 'two\u0007\n' });
  expect(files.text('logs/')).toBe('one\ntwo\n');
  expect(await jobs.find(state.jobId)).toMatchObject({ progress: 0.25, message: 'Half.' });
  expect(calls.map(([action]) => action)).toEqual(Array(4).fill('SendTaskHeartbeat'));
});

test('progress never falls, and a report without news only reads the job', async () => {
  const state = await newAttempt();
  const sender = await Sender.of(state);
  await sender.begin();
  passTime(10_000);
  await sender.send({ progress: 1 });
  expect(await sender.send({ progress: 0.2 })).toMatchObject({ continue: true });
  const { version } = (await jobs.find(state.jobId)) ?? {};
  await sender.send({});
  expect(await jobs.find(state.jobId)).toMatchObject({ progress: 0.5, version });
});

test('progress is written every ten seconds, however often a step prints and reports', async () => {
  const state = await newAttempt();
  const sender = await Sender.of(state);
  await sender.begin();
  await sender.send({ progress: 0.2, message: 'One.' });
  await sender.send({ progress: 0.4 });
  expect(await jobs.find(state.jobId)).toMatchObject({ progress: 0, version: 2 });
  passTime(10_000);
  await sender.send({ log: 'one\n' });
  expect(await jobs.find(state.jobId)).toMatchObject({ progress: 0.2, message: 'One.', version: 3 });
  await sender.send({ progress: 1 });
  expect(await jobs.find(state.jobId)).toMatchObject({ version: 3 });
});

test('progress is written every two seconds while somebody looks', async () => {
  const state = await newAttempt();
  const sender = await Sender.of(state);
  await sender.begin();
  const job = await jobs.find(state.jobId);
  await jobs.watch({ ...job, jobId: state.jobId, updatedAt: new Date(0).toISOString() });
  await sender.send({});
  passTime(2_000);
  await sender.send({ progress: 0.5 });
  expect(await jobs.find(state.jobId)).toMatchObject({ progress: 0.25 });
});

test('a job that somebody looks at gets reports more often', async () => {
  const state = await newAttempt();
  const sender = await Sender.of(state);
  await sender.begin();
  const job = await jobs.find(state.jobId);
  await jobs.watch({ ...job, jobId: state.jobId, updatedAt: new Date(0).toISOString() });
  expect(await sender.send({})).toMatchObject({ next_ms: 2_000 });
});

test('an earlier report is refused after a later one', async () => {
  const sender = await Sender.of(await newAttempt());
  await sender.begin();
  const { token } = sender;
  await sender.send({});
  await sender.send({});
  expect(await refusal(sender.send({}, token))).toEqual({ status: 409, code: 'REPORT_OUT_OF_ORDER' });
});

test('the step of a cancelled job is told to stop, and its last lines are kept', async () => {
  const state = await newAttempt();
  const sender = await Sender.of(state);
  await sender.begin();
  await jobs.cancel('alice', { jobId: state.jobId, retentionSeconds: 60 });
  expect(await sender.send({ progress: 0.5, log: 'lost\n' })).toEqual({ continue: false });
  expect(await sender.send({ log: 'last\n', ending: { stopped: true } })).toEqual({ continue: false });
  expect(files.text('logs/')).toBe('last\n');
});

describe('the lines of a stopped step are not kept', () => {
  test('long after its limit', async () => {
    const state = await newAttempt();
    const sender = await Sender.of(state);
    await sender.begin();
    await jobs.cancel('alice', { jobId: state.jobId, retentionSeconds: 60 });
    passTime(85_000);
    expect(await sender.send({ log: 'late\n', ending: { stopped: true } })).toEqual({ continue: false });
    expect(files.text('logs/')).toBe('');
  });

  test('when a later attempt had begun before the job was cancelled', async () => {
    const state = await newAttempt();
    const sender = await Sender.of(state);
    await sender.begin();
    const { lease } = (await jobs.find(state.jobId)) ?? {};
    await delay(2);
    const attemptId = randomUUID();
    await (await Sender.of({ ...state, attempt: 1, attemptId, leaseBefore: lease ?? '' })).begin();
    await jobs.cancel('alice', { jobId: state.jobId, retentionSeconds: 60 });
    await sender.send({ log: 'early\n', ending: { stopped: true } });
    expect(files.text('logs/')).toBe('');
  });
});

test('an attempt stops when a later one has begun', async () => {
  const state = await newAttempt();
  const sender = await Sender.of(state);
  await sender.begin();
  const { lease } = (await jobs.find(state.jobId)) ?? {};
  const later = await Sender.of({ ...state, attempt: 1, attemptId: randomUUID(), leaseBefore: lease ?? '' });
  expect(await later.begin()).toMatchObject({ continue: true });
  expect(await sender.send({ progress: 0.1 })).toEqual({ continue: false });
  expect(await sender.send({})).toEqual({ continue: false });
  await sender.send({ log: 'late\n', ending: { stopped: true } });
  expect(files.text('logs/')).toBe('');
});

describe('the last report', () => {
  test('lets the runner end the step, and tells the state machine', async () => {
    const state = await newAttempt();
    const sender = await Sender.of(state);
    await sender.begin();
    await sender.send({ log: 'one\n' });
    expect(await sender.send({ log: 'two\n', ending: { result: 1 } })).toEqual({ continue: false });
    const [runner, event] = end.mock.calls[0] ?? [];
    expect(runner).toBe('arn:runner:1');
    expect(event?.end).toMatchObject({
      ending: { result: 1 },
      log: 'two\n',
      state: { used: { reports: 3 } },
    });
    expect(calls.at(-1)).toEqual(['SendTaskSuccess', { taskToken: 'task', output: '{"result":1}' }]);
  });

  test('passes on the error of the runner', async () => {
    const sender = await Sender.of(await newAttempt());
    await sender.begin();
    ended = { error: 'RetryableStepError', cause: '{}' };
    await sender.send({ ending: { crashed: true } });
    const failure = { taskToken: 'task', error: 'RetryableStepError', cause: '{}' };
    expect(calls.at(-1)).toEqual(['SendTaskFailure', failure]);
  });

  test('is sent again when the runner is not available, and its repetition is fine', async () => {
    const sender = await Sender.of(await newAttempt());
    await sender.begin();
    ended = { unavailable: 'StepInterrupted' };
    const last = { ending: { result: 1 } };
    expect(await refusal(sender.send(last))).toEqual({ status: 503, code: 'REPORTS_UNAVAILABLE' });
    ended = { output: '1' };
    expect(await sender.send(last)).toEqual({ continue: false });
    isWaiting = false;
    expect(await sender.send(last)).toEqual({ continue: false });
    expect(end).toHaveBeenCalledTimes(2);
  });

  test('is a heartbeat, so that the task still waits when the runner was slow', async () => {
    const sender = await Sender.of(await newAttempt());
    await sender.begin();
    calls = [];
    ended = { unavailable: 'TimeoutError' };
    await refusal(sender.send({ ending: { result: 1 } }));
    expect(calls).toEqual([['SendTaskHeartbeat', { taskToken: 'task' }]]);
  });

  test.each<[string, SandboxReport]>([
    ['result', { ending: { result: 'x'.repeat(70_000) } }],
    ['invalid report', { and: 'more' } as SandboxReport],
  ])('does not end a step whose task is over: %s', async (_what, report) => {
    const state = await newAttempt();
    const sender = await Sender.of(state);
    await sender.begin();
    const { lease = '' } = (await jobs.find(state.jobId)) ?? {};
    await jobs.complete(state.jobId, lease, { step: 'compile', result: '1' }, 60);
    isWaiting = false;
    expect(await sender.send({ log: 'again\n', ...report })).toEqual({ continue: false });
    expect(end).not.toHaveBeenCalled();
    expect(files.text('logs/')).toBe('');
  });

  test('with an expired token is refused before anything else', async () => {
    const sender = await Sender.of(await newAttempt());
    await sender.begin();
    calls = [];
    passTime(141_000);
    const refused = await refusal(sender.send({ ending: { result: 1 } }));
    expect(refused).toEqual({ status: 401, code: 'REPORT_TOKEN_INVALID' });
    expect(calls).toEqual([]);
  });

  test.each<[string, number, SandboxReport, object]>([
    ['an error after the limit', 61_000, { ending: { crashed: true } }, { late: true }],
    ['a result soon after the limit', 61_000, { ending: { result: 1 } }, { result: 1 }],
    ['a result long after the limit', 75_000, { ending: { result: 1 } }, { late: true }],
    ['any report long after the limit', 85_000, {}, { late: true }],
  ])('%s', async (_what, ms, report, ending) => {
    const sender = await Sender.of(await newAttempt());
    await sender.begin();
    passTime(ms);
    expect(await sender.send(report)).toEqual({ continue: false });
    expect(end.mock.calls[0]?.[1].end.ending).toEqual(ending);
  });

  test('an invalid report ends the step', async () => {
    const sender = await Sender.of(await newAttempt());
    await sender.begin();
    await sender.send({ and: 'more' } as SandboxReport);
    expect(end.mock.calls[0]?.[1].end.ending).toEqual({ invalid: true });
  });
});
