/** When a call is answered with a result, and when with a job: proved where the one becomes the other. */
import type { Client } from '@modelcontextprotocol/client';
import type { LocalCloud } from '../../local/cloud.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { call, connect } from '../support/test-cloud.ts';

let cloud: LocalCloud;
let client: Client;

beforeAll(async () => {
  cloud = await sharedCloud();
  client = await connect(cloud);
});
afterAll(async () => {
  await client.close();
});

const jobs = async () => (await call(client, 'list_jobs')).data.jobs;

async function timed<T>(work: Promise<T>): Promise<[T, number]> {
  const from = performance.now();
  return [await work, performance.now() - from];
}

describe('always synchronous', () => {
  test('within the limit it answers with the result', async () => {
    const { data, isError } = await call(client, 'nap', { ms: 100 });
    expect([isError, data]).toEqual([undefined, { slept_ms: 100 }]);
  });

  test('past the limit it says so, and does not hang', async () => {
    const [{ data, isError }, ms] = await timed(call(client, 'nap', { ms: 30_000 }));
    expect(isError).toBe(true);
    expect(data.error).toMatchObject({ code: 'TIMED_OUT', retryable: true, details: { limit_seconds: 1 } });
    expect(ms).toBeLessThan(5_000);
  });

  test.each([
    ['throw', 'INTERNAL_ERROR'],
    ['wrong', 'RESULT_INVALID'],
    ['refuse', 'PATH_REFUSED'],
    ['crash', 'INTERNAL_ERROR'],
  ])('one that ends with "%s" is answered with %s, and tells no secret', async (ends, code) => {
    const { data, text, isError } = await call(client, 'nap', { ms: 0, ends });
    expect([isError, data.error.code]).toEqual([true, code]);
    expect(text).not.toContain('hunter2');
  });

  test('it takes no arguments of jobs, and leaves no job behind', async () => {
    expect((await call(client, 'nap', { ms: 0, wait_seconds: 1 })).text).toMatch(
      /INVALID_ARGUMENTS.*wait_seconds/,
    );
    expect(await jobs()).toEqual([]);
  });
});

describe('synchronous first', () => {
  test('within the limit it answers with the result, and there is no job', async () => {
    const { data } = await call(client, 'count', { to: 10 });
    expect(data).toEqual({
      status: 'completed',
      progress: 1,
      result: { counted: 10, by_call: 10, by_job: 0 },
      error: null,
    });
    expect(await jobs()).toEqual([]);
  });

  test('when the time is nearly over it becomes a job, which goes on where the call was', async () => {
    const [{ data }, ms] = await timed(call(client, 'count', { to: 15, each_ms: 100 }));
    expect(data).toMatchObject({
      status: 'pending',
      message: 'Count started. Use check_job to monitor progress.',
    });
    expect(ms).toBeLessThan(3_000);
    const { data: ended } = await call(client, 'check_job', { job_id: data.job_id, wait_seconds: 20 });
    const { by_call, by_job, counted } = ended.result;
    expect([ended.status, counted, by_call + by_job]).toEqual(['completed', 15, 15]);
    // A second of the three is counted in; each by one of them.
    expect(by_call).toBeGreaterThan(2);
    expect(by_job).toBeGreaterThan(0);
  });

  test('wait_seconds counts from the call: the answer comes with the end of the job', async () => {
    const { data } = await call(client, 'count', { to: 15, each_ms: 100, wait_seconds: 20 });
    expect(data).toMatchObject({ status: 'completed', result: { counted: 15 } });
    expect(data.job_id).toBeDefined();
  });

  test('a call that does not hand over in time begins anew as a job', async () => {
    const { data } = await call(client, 'count', {
      to: 40,
      each_ms: 100,
      misbehaviour: 'deaf',
      wait_seconds: 20,
    });
    expect(data).toMatchObject({ status: 'completed', result: { counted: 40, by_call: 0, by_job: 40 } });
  }, 30_000);

  test('with an idempotency key, what has become a job is that job', async () => {
    const args = { to: 15, each_ms: 100, idempotency_key: 'once' };
    const { data: first } = await call(client, 'count', args);
    const { data: second } = await call(client, 'count', { ...args, wait_seconds: 20 });
    expect(second).toMatchObject({ job_id: first.job_id, status: 'completed', result: { counted: 15 } });
    const { isError, data } = await call(client, 'count', { ...args, to: 16 });
    expect([isError, data.error.code]).toEqual([true, 'IDEMPOTENCY_KEY_REUSED']);
  });

  test('a function that dies in the call, or hands over too much, is an error and no job', async () => {
    const before = (await jobs()).length;
    for (const misbehaviour of ['crash', 'hands_over_too_much']) {
      const { isError, data } = await call(client, 'count', { to: 1, misbehaviour });
      expect([isError, data.error.code]).toEqual([true, 'INTERNAL_ERROR']);
    }
    expect(await jobs()).toHaveLength(before);
  });
});

describe('always a job', () => {
  test.each([
    [0, ['pending']],
    // A busy machine may not have begun it.
    [2, ['pending', 'running']],
  ])('with wait_seconds %i it is answered as %s', async (wait_seconds, statuses) => {
    const [{ data }, ms] = await timed(call(client, 'start_probe', { behaviour: 'wait', wait_seconds }));
    expect(statuses).toContain(data.status);
    expect(ms).toBeGreaterThanOrEqual(wait_seconds * 1_000);
    await call(client, 'cancel_job', { job_id: data.job_id });
  });

  test('at the longest wait the answer comes as soon as the job ends', async () => {
    const [{ data }, ms] = await timed(call(client, 'start_echo', { text: 'x', wait_seconds: 30 }));
    expect(data.status).toBe('completed');
    expect(ms).toBeLessThan(10_000);
  });

  test.each([31, 5_000, '99999999999999999999', 1e300])(
    'a wait of %j seconds is limited to the longest, and the result says so',
    async (wait_seconds) => {
      const { data, text } = await call(client, 'start_echo', { text: 'x', wait_seconds });
      expect(data).toMatchObject({ status: 'completed', wait_limited_to_seconds: 30 });
      expect(text).toContain('wait_seconds was limited to 30');
    },
  );
});
