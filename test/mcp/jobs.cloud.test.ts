import { randomUUID } from 'node:crypto';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { Client } from '@modelcontextprotocol/client';
import type { TimelineView } from '../../lambdas/jobs/timeline-view.ts';
import type { LocalCloud } from '../../local/cloud.ts';
import { legacy } from '../support/rpc.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { awsClients, call, connect, executionArn, fileUrl } from '../support/test-cloud.ts';

let cloud: LocalCloud;
let client: Client;

beforeAll(async () => {
  cloud = await sharedCloud();
  client = await connect(cloud);
});
afterAll(async () => {
  await client.close();
});

async function countJobs(): Promise<number | undefined> {
  const { dynamodb } = awsClients(cloud);
  const { Count } = await dynamodb.send(
    new ScanCommand({ TableName: cloud.outputs.JobsTableName, Select: 'COUNT' }),
  );
  return Count;
}

describe('the good path', () => {
  test('start answers at once with a pending job, and the words of the contract', async () => {
    const { data, text } = await call(client, 'start_four_steps');
    expect(data).toMatchObject({
      job_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      status: 'pending',
      message: 'Four steps started. Use check_job to monitor progress.',
    });
    expect(text).toContain(data.job_id);
  });

  test('check_job with wait_seconds answers as soon as the job has ended', async () => {
    const { data: started } = await call(client, 'start_four_steps');
    const { data, text } = await call(client, 'check_job', { job_id: started.job_id, wait_seconds: 30 });
    expect(data).toMatchObject({
      job_id: started.job_id,
      status: 'completed',
      progress: 1,
      result: { count: 4 },
      error: null,
    });
    expect(text).toContain('{"count":4}');
  });

  test('start with wait_seconds gives the result itself', async () => {
    const { data } = await call(client, 'start_echo', { text: 'hello', wait_seconds: 30 });
    expect(data).toMatchObject({ status: 'completed', result: { text: 'hello' } });
  });

  test('a result above 64 KiB is a file, and get_file gives it whole', async () => {
    const { data } = await call(client, 'start_probe', {
      behaviour: 'large_result',
      wait_seconds: 20,
    });
    expect(data).toMatchObject({ status: 'completed', result: null, files: [{ name: 'result.json' }] });
    const response = await fetch(await fileUrl(client, data.job_id, 'result.json'));
    expect(await response.json()).toEqual({ attempt: 0, padding: 'x'.repeat(100_000) });
  });

  test('get_file gives the logs of all steps, or of one, and names the files that there are', async () => {
    const { data } = await call(client, 'start_probe', { behaviour: 'fail', wait_seconds: 20 });
    const { job_id } = data;
    for (const name of ['log', 'act.log'])
      expect(await (await fetch(await fileUrl(client, job_id, name))).text()).toBe('attempt 0\n');
    const { data: refused } = await call(client, 'get_file', { job_id, name: '../act.log' });
    expect(refused.error).toMatchObject({
      code: 'RESOURCE_NOT_FOUND',
      message: `Job ${job_id} has the status failed and no file "../act.log". Choose one of: act.log.`,
    });
  });

  test('get_file gives a small result itself', async () => {
    const { data } = await call(client, 'start_echo', { text: 'hello', wait_seconds: 30 });
    const { data: file, text } = await call(client, 'get_file', { job_id: data.job_id, name: 'result.json' });
    expect([file, text]).toEqual([{ result: { text: 'hello' } }, '{"text":"hello"}']);
  });

  test('list_jobs pages through the jobs, the newest first', async () => {
    const mine = await connect(cloud, { owner: 'lister' });
    const ids: string[] = [];
    for (let index = 0; index < 3; index++) ids.push((await call(mine, 'start_four_steps')).data.job_id);
    const first = (await call(mine, 'list_jobs', { limit: 2 })).data;
    const second = (await call(mine, 'list_jobs', { limit: 2, cursor: first.next_cursor })).data;
    const listed = [...first.jobs, ...second.jobs].map(({ job_id }) => job_id);
    expect(listed).toEqual(ids.reverse());
    await mine.close();
  });

  test('the same idempotency key gives the same job, also when called at once', async () => {
    const idempotency_key = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => call(client, 'start_echo', { text: 'once', idempotency_key })),
    );
    expect(new Set(answers.map(({ data }) => data.job_id)).size).toBe(1);
    const { data } = await call(client, 'start_echo', { text: 'once', idempotency_key, wait_seconds: 30 });
    expect(data).toMatchObject({ job_id: answers[0]?.data.job_id, status: 'completed' });
    const inOptions = await call(client, 'start_echo', { text: 'once', job_options: { idempotency_key } });
    expect(inOptions.data.job_id).toBe(data.job_id);
  });

  test('an option that is given twice, with two values, is refused', async () => {
    const options = { idempotency_key: 'one', job_options: { idempotency_key: 'two' } };
    const { text } = await call(client, 'start_echo', { text: 'x', ...options });
    expect(text).toBe(
      'INVALID_ARGUMENTS: idempotency_key and job_options.idempotency_key have different values. Give it once, in job_options.',
    );
  });

  test('retention_seconds sets how long a job is kept after its end', async () => {
    const { data } = await call(client, 'start_echo', {
      text: 'x',
      retention_seconds: 600,
      wait_seconds: 30,
    });
    const { data: kept } = await call(client, 'check_job', { job_id: data.job_id, include: ['details'] });
    const keptMs = Date.parse(kept.expires_at) - Date.parse(kept.ended_at);
    expect(Math.round(keptMs / 1000)).toBeGreaterThanOrEqual(599);
    expect(Math.round(keptMs / 1000)).toBeLessThanOrEqual(600);
  });
});

describe('what models and their hosts send otherwise', () => {
  const NULLS = {
    wait_seconds: null,
    idempotency_key: null,
    retention_seconds: null,
    callback_url: null,
    callback_events: null,
  };

  test('null, empty texts and numbers in texts give the same job as the arguments that they mean', async () => {
    const idempotency_key = randomUUID();
    const { data } = await call(client, 'start_echo', { text: 'once', idempotency_key, wait_seconds: '30' });
    expect(data).toMatchObject({ status: 'completed', result: { text: 'once' } });
    const same = { ...NULLS, text: 'once', idempotency_key };
    for (const args of [
      same,
      { ...same, callback_url: '', callback_events: [], retention_seconds: '86400.0' },
    ]) {
      expect((await call(client, 'start_echo', args)).data).toMatchObject({ job_id: data.job_id });
    }
    const task = await legacy(cloud, 'tools/call', {
      name: 'start_echo',
      arguments: { ...NULLS, text: 'x' },
      task: {},
    });
    expect(task.result.task.status).toBe('working');
  });

  test('a wait that is longer than the operation allows is limited, and the result says so', async () => {
    const { data: started } = await call(client, 'start_probe', { behaviour: 'fail' });
    const { data, text } = await call(client, 'check_job', { job_id: started.job_id, wait_seconds: 50 });
    expect(data).toMatchObject({ status: 'failed', wait_limited_to_seconds: 20 });
    expect(text).toContain('wait_seconds was limited to 20');
    const { data: next } = await call(client, 'check_job', { job_id: started.job_id, wait_seconds: -1 });
    expect(next).not.toHaveProperty('wait_limited_to_seconds');
  });
});

test('list_jobs shows what jobs are about and since when, and filters by it', async () => {
  const mine = await connect(cloud, { owner: 'filterer' });
  const whole = async (tool: string, args: object) => {
    const { data } = await call(mine, tool, { ...args, wait_seconds: 20 });
    return (await call(mine, 'check_job', { job_id: data.job_id, include: ['details'] })).data;
  };
  const echo = await whole('start_echo', { text: 'x' });
  const failed = await whole('start_probe', { behaviour: 'fail' });
  const { data: waiting } = await call(mine, 'start_probe', { behaviour: 'wait', wait_seconds: 1 });
  expect(failed).toMatchObject({ behaviour: 'fail' });
  const list = async (args: object) => {
    const { data, text } = await call(mine, 'list_jobs', { ...args });
    return { ids: data.jobs.map(({ job_id }: { job_id: string }) => job_id), text };
  };
  expect((await list({ operation: 'echo' })).text).toBe(`${echo.job_id} echo completed at ${echo.ended_at}`);
  expect((await list({ behaviour: 'fail' })).text).toBe(
    `${failed.job_id} probe fail failed at ${failed.ended_at}`,
  );
  expect((await list({ status: 'running', behaviour: '', cursor: null })).text).toMatch(
    new RegExp(`^${waiting.job_id} probe wait running since 2`),
  );
  expect((await list({ operation: 'probe' })).ids).toEqual([waiting.job_id, failed.job_id]);
  expect((await list({ operation: 'probe', behaviour: 'hang' })).text).toBe('No jobs.');
  await call(mine, 'cancel_job', { job_id: waiting.job_id });
  await mine.close();
});

/** Returns the timeline of a job, by step. */
async function timelineOf(job_id: string) {
  const { data } = await call(client, 'check_job', { job_id, include: ['timeline'] });
  const { queued_ms, steps } = data.timeline as TimelineView;
  expect(queued_ms).toBeGreaterThanOrEqual(0);
  return Object.fromEntries(steps.map(({ step, ...view }) => [step, view]));
}

describe('failures', () => {
  const run = (behaviour: string) => call(client, 'start_probe', { behaviour, wait_seconds: 20 });

  test('a failed step is on the job, with its code, step, details and last lines, and is not tried again', async () => {
    const { data, text } = await run('fail');
    expect(data).toMatchObject({
      status: 'failed',
      error: { code: 'SCRIPT_FAILED', step: 'act', retryable: false, details: { exit_code: 7 } },
      log_tail: ['attempt 0'],
    });
    expect(text).toContain('attempt 0');
    const { act } = await timelineOf(data.job_id);
    const { code, message } = data.error;
    expect(act).toMatchObject({ status: 'failed', attempts: [{ error: { code, message } }] });
    expect(act?.attempts?.[0]?.ended_at).toBe(act?.ended_at);
  });

  test('a retryable failure is tried again as often as the definition says', async () => {
    const { data } = await run('fail_twice');
    expect(data).toMatchObject({ status: 'completed', result: { attempt: 2 } });
    const { prepare, act } = await timelineOf(data.job_id);
    const error = { code: 'SCRIPT_FAILED', message: 'Not yet.' };
    const [first, second, third] = act?.attempts ?? [];
    expect([first?.error, second?.error, third?.error]).toEqual([error, error, undefined]);
    expect(prepare).toMatchObject({ status: 'completed', attempts: [{}] });
    const times = [prepare, first, second, third].flatMap((span) => [span?.started_at, span?.ended_at]);
    expect(times).toEqual(times.toSorted());
    expect(times).not.toContain(undefined);
  });

  test('a function that dies in the middle is run once more', async () => {
    const { data } = await run('crash_once');
    expect(data).toMatchObject({ status: 'completed', result: { attempt: 1 } });
    const { act } = await timelineOf(data.job_id);
    expect(act?.attempts?.map(({ error }) => error?.code)).toEqual(['STEP_CRASHED', undefined]);
  });

  test('a function that always dies fails the job, though no code of the step could say so', async () => {
    expect((await run('crash_always')).data).toMatchObject({
      status: 'failed',
      error: { code: 'STEP_CRASHED', step: 'act', retryable: true },
    });
  });

  test('a step that outlives its limit is stopped, and the job says which', async () => {
    expect((await run('outlive_the_limit')).data).toMatchObject({
      status: 'failed',
      error: { code: 'STEP_TIMED_OUT', step: 'act', details: { limit_seconds: 3 } },
    });
  });

  test('what a bug throws is not shown', async () => {
    const { data, text } = await run('throw');
    expect(data).toMatchObject({ status: 'failed', error: { code: 'INTERNAL_ERROR', step: 'act' } });
    expect(JSON.stringify(data) + text).not.toContain('hunter2');
  });

  test('a result that is not what the operation promises fails the job', async () => {
    expect((await run('wrong_result')).data).toMatchObject({
      status: 'failed',
      error: { code: 'RESULT_INVALID' },
    });
  });
});

test('a job whose execution is stopped by an operator fails, rather than stay open', async () => {
  const { data: started } = await call(client, 'start_probe', { behaviour: 'wait' });
  const { job_id } = started;
  while ((await call(client, 'check_job', { job_id })).data.status !== 'running');
  const { sfn } = awsClients(cloud);
  await sfn.send(new StopExecutionCommand({ executionArn: await executionArn('probe', job_id) }));
  const { data } = await call(client, 'check_job', { job_id, wait_seconds: 20 });
  expect(data).toMatchObject({
    status: 'failed',
    error: { code: 'EXECUTION_STOPPED', step: 'prepare', retryable: true },
  });
});

describe('cancelling', () => {
  test('a running job is cancelled at once, its step stops, and it says how far it was', async () => {
    const { data: started } = await call(client, 'start_probe', { behaviour: 'wait' });
    const { job_id } = started;
    while ((await call(client, 'check_job', { job_id })).data.progress < 0.25);
    const { data } = await call(client, 'cancel_job', { job_id });
    expect(data).toMatchObject({ job_id, status: 'cancelled', step: 'prepare', progress: 0.25 });
    expect((await call(client, 'check_job', { job_id })).data).toMatchObject({ status: 'cancelled' });
    expect(await timelineOf(job_id)).toEqual({
      prepare: expect.objectContaining({ status: 'cancelled', ended_at: expect.any(String) }),
      act: { status: 'pending' },
    });
  });

  test('what has ended cannot be cancelled, and the error says how it ended', async () => {
    const { data } = await call(client, 'start_echo', { text: 'x', wait_seconds: 30 });
    const { isError, data: answer } = await call(client, 'cancel_job', { job_id: data.job_id });
    expect(isError).toBe(true);
    expect(answer.error).toMatchObject({ code: 'JOB_ALREADY_ENDED', details: { status: 'completed' } });
  });
});

describe('bad input leaves nothing behind', () => {
  test.each([
    ['a missing argument', 'start_echo', {}, 'text'],
    ['a wrong type', 'start_echo', { text: 7 }, 'text'],
    ['an unknown argument', 'start_echo', { text: 'x', colour: 'red' }, 'colour'],
    ['null for a required argument', 'start_echo', { text: null }, 'text'],
    ['a word for a number', 'start_echo', { text: 'x', wait_seconds: 'long' }, 'wait_seconds'],
    [
      'a retention above the range',
      'start_echo',
      { text: 'x', retention_seconds: 10_000_000 },
      'retention_seconds',
    ],
    [
      'a long idempotency key',
      'start_echo',
      { text: 'x', idempotency_key: 'k'.repeat(256) },
      'idempotency_key',
    ],
    ['no job id', 'check_job', {}, 'job_id'],
    ['a job id of a wrong type', 'check_job', { job_id: 7 }, 'job_id'],
    ['a page of nothing', 'list_jobs', { limit: 0 }, 'limit'],
    ['a page of too much', 'list_jobs', { limit: 101 }, 'limit'],
    [
      'an operation that does not exist',
      'list_jobs',
      { operation: 'ecko' },
      'operation: must be one of .*echo',
    ],
    ['a status that does not exist', 'list_jobs', { status: 'done' }, 'status: .*"completed"'],
  ])('%s', async (_what, tool, args, field) => {
    const before = await countJobs();
    const { isError, data, text } = await call(client, tool, args);
    expect(isError).toBe(true);
    expect(data.error).toMatchObject({
      code: 'INVALID_ARGUMENTS',
      message: expect.stringMatching(new RegExp(`${field}.* Expected: \\{`)),
    });
    expect(text).toBe(`INVALID_ARGUMENTS: ${data.error.message}`);
    expect(await countJobs()).toBe(before);
  });

  test('arguments that are too large to pass through the steps', async () => {
    const before = await countJobs();
    const { data } = await call(client, 'start_echo', { text: 'x'.repeat(200_000) });
    expect(data.error).toMatchObject({ code: 'INPUT_TOO_LARGE', message: expect.stringContaining('65536') });
    expect(await countJobs()).toBe(before);
  });

  test('an idempotency key that was used with other arguments', async () => {
    const idempotency_key = randomUUID();
    await call(client, 'start_echo', { text: 'one', idempotency_key });
    const before = await countJobs();
    const { isError, data } = await call(client, 'start_echo', { text: 'two', idempotency_key });
    expect(isError).toBe(true);
    expect(data.error.code).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(await countJobs()).toBe(before);
  });

  test.each(['', 'not-a-job', '../../etc/passwd', '\u0000', 'x'.repeat(5_000), randomUUID()])(
    'the job id %j is a job that is not there',
    async (job_id) => {
      for (const tool of ['check_job', 'cancel_job']) {
        const { isError, data } = await call(client, tool, { job_id });
        expect(isError).toBe(true);
        expect(data.error.code).toBe('JOB_NOT_FOUND');
      }
    },
  );

  test("somebody else's job looks exactly like one that is not there", async () => {
    const [alice, mallory] = await Promise.all([
      connect(cloud, { owner: 'alice' }),
      connect(cloud, { owner: 'mallory' }),
    ]);
    const { data: started } = await call(alice, 'start_probe', { behaviour: 'wait' });
    const { job_id } = started;
    for (const tool of ['check_job', 'cancel_job']) {
      expect(await call(mallory, tool, { job_id })).toEqual(
        await call(mallory, tool, { job_id: randomUUID() }),
      );
    }
    expect((await call(mallory, 'list_jobs')).data.jobs).toEqual([]);
    expect((await call(alice, 'cancel_job', { job_id })).data.status).toBe('cancelled');
    await alice.close();
    await mallory.close();
  });

  test.each([
    'x',
    Buffer.from('{"a":1}').toString('base64url'),
    Buffer.from('["now","x"]').toString('base64url'),
  ])('the cursor %j', async (cursor) => {
    const { data } = await call(client, 'list_jobs', { cursor });
    expect(data.error).toMatchObject({
      code: 'INVALID_CURSOR',
      message: expect.stringContaining('next_cursor'),
    });
  });
});
