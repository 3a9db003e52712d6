/** Jobs that ask: who may answer, what is taken, and that an answer is never lost. */
import type { Client } from '@modelcontextprotocol/client';
import type { LocalCloud } from '../../local/cloud.ts';
import { type ApiCall, apiClient } from '../support/openapi.ts';
import { type RecordingReceiver, startRecordingReceiver } from '../support/recording-receiver.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { call, connect } from '../support/test-cloud.ts';

let cloud: LocalCloud;
let client: Client;
let mallory: Client;
let api: ApiCall;
let receiver: RecordingReceiver;
const lines: string[] = [];

beforeAll(async () => {
  cloud = await sharedCloud('test', { onLog: (_name, line) => void lines.push(line) });
  client = await connect(cloud, { owner: 'alice' });
  mallory = await connect(cloud, { owner: 'mallory' });
  api = apiClient(cloud, 'alice');
  receiver = await startRecordingReceiver();
});
afterAll(async () => {
  receiver.close();
  await client.close();
  await mallory.close();
});

const YES = { action: 'accept', content: { approve: true, reason: 'hunter2 said so' } };
const RED = { action: 'accept', content: { colour: 'red' } };

/** A job that waits for its answers. */
async function asking(args: Record<string, unknown> = {}) {
  const { data } = await call(client, 'start_ask', { ...args, wait_seconds: 20 });
  expect(data.status).toBe('input_required');
  return data;
}

const answer = (job_id: string, answers: unknown, by = client) => call(by, 'answer_job', { job_id, answers });
const end = (job_id: string) => call(client, 'check_job', { job_id, wait_seconds: 20 });

test('a waiting caller is told of the questions as soon as they are asked', async () => {
  const job = await asking();
  expect(job.input_requests).toEqual({
    approve: {
      message: 'May it go on?',
      schema: {
        type: 'object',
        properties: { approve: { type: 'boolean' }, reason: { type: 'string', maxLength: 100 } },
        required: ['approve'],
      },
    },
    paint: {
      message: 'In which colour?',
      schema: {
        type: 'object',
        properties: { colour: { type: 'string', enum: ['red', 'green'] } },
        required: ['colour'],
      },
    },
  });
  const { text, data } = await call(client, 'check_job', { job_id: job.job_id, wait_seconds: 20 });
  expect(data.next).toBe(
    'Ask the user, then call answer_job with this job_id and answers to: approve, paint.',
  );
  expect(text).toContain(data.next);
  expect(text).toContain('paint: In which colour?');
});

test('answers may come one by one; with the last one the job goes on, and ends with them', async () => {
  const { job_id } = await asking();
  const first = await answer(job_id, { paint: RED });
  expect(first.data).toMatchObject({ status: 'input_required' });
  expect(Object.keys(first.data.input_requests)).toEqual(['approve']);
  const waiting = (await api(`GET /jobs/${job_id}`)).data.timeline.steps;
  expect(waiting[0]).toMatchObject({ status: 'input_required', waits: [{ asked_at: expect.any(String) }] });
  const second = await answer(job_id, { approve: YES });
  expect(second.data.status).toBe('running');
  expect(second.data.input_requests).toBeUndefined();
  const { data } = await end(job_id);
  expect(data).toMatchObject({ status: 'completed', result: { colour: 'red', attempt: 0 } });
  const [step] = (await api(`GET /jobs/${job_id}`)).data.timeline.steps;
  const [before, after] = step.attempts;
  const [wait] = step.waits;
  expect([step.status, step.attempts.length, step.waits.length]).toEqual(['completed', 2, 1]);
  expect(before.ended_at).toBe(wait.asked_at);
  expect(wait.answered_at <= after.started_at).toBe(true);
});

test('an answer may come over plain HTTP', async () => {
  const { job_id } = await asking();
  const { status, data } = await api(`POST /jobs/${job_id}/answers`, {
    json: { answers: { approve: YES, paint: RED } },
  });
  expect([status, data.status]).toEqual([200, 'running']);
  expect((await end(job_id)).data.status).toBe('completed');
});

test('of two who answer at once one is first, and the other is told so', async () => {
  const { job_id } = await asking();
  const GREEN = { action: 'accept', content: { colour: 'green' } };
  const [red, green] = await Promise.all([answer(job_id, { paint: RED }), answer(job_id, { paint: GREEN })]);
  const [won, lost] = red.isError ? [green, red] : [red, green];
  expect(won.isError).toBeFalsy();
  expect(lost.data.error).toMatchObject({ code: 'INPUT_ALREADY_ANSWERED' });
  await answer(job_id, { approve: YES });
  const { data } = await end(job_id);
  expect(data.result.colour).toBe(won === red ? 'red' : 'green');
});

test('two who answer different questions at once are both taken', async () => {
  const { job_id } = await asking();
  const both = await Promise.all([answer(job_id, { approve: YES }), answer(job_id, { paint: RED })]);
  expect(both.map(({ isError }) => isError ?? false)).toEqual([false, false]);
  expect((await end(job_id)).data.status).toBe('completed');
});

test('a no ends the job as cancelled, with the reason', async () => {
  const { job_id } = await asking();
  await answer(job_id, {
    approve: { action: 'accept', content: { approve: false, reason: 'Not on a Friday' } },
    paint: RED,
  });
  const { data, text } = await end(job_id);
  expect(data).toMatchObject({ status: 'cancelled', message: 'It may not: Not on a Friday.', error: null });
  expect(text).toContain('Not on a Friday');
});

test('declining is a no as well', async () => {
  const { job_id } = await asking();
  await answer(job_id, { approve: { action: 'decline' }, paint: { action: 'cancel' } });
  expect((await end(job_id)).data).toMatchObject({ status: 'cancelled', message: 'It may not: declined.' });
});

test('a step that dies with its answers in hand finds them again', async () => {
  const { job_id } = await asking({ crash: true });
  await answer(job_id, { approve: YES, paint: RED });
  expect((await end(job_id)).data).toMatchObject({
    status: 'completed',
    result: { colour: 'red', attempt: 1 },
  });
});

test('no answer is lost when the function that tells of them is killed again and again', async () => {
  const asked = await Promise.all(Array.from({ length: 4 }, () => asking()));
  let kills = 0;
  const killer = setInterval(() => {
    kills += cloud.interrupt('ResumerFunction');
  }, 25);
  const answered = asked.map(({ job_id }) => answer(job_id, { approve: YES, paint: RED }));
  expect((await Promise.all(answered)).map(({ data }) => data.status)).toEqual(asked.map(() => 'running'));
  while (kills < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  clearInterval(killer);
  const ends = await Promise.all(asked.map(({ job_id }) => end(job_id)));
  expect(ends.map(({ data }) => data.status)).toEqual(asked.map(() => 'completed'));
}, 60_000);

test('what nobody answers in time fails', async () => {
  const { job_id } = await asking({ hurry: true });
  await answer(job_id, { approve: YES, paint: RED });
  const asked = await end(job_id);
  expect(asked.data).toMatchObject({
    status: 'input_required',
    input_requests: { quick: { message: 'Quick?' } },
  });
  const late = async (): Promise<unknown> => {
    const { data } = await end(job_id);
    return data.status === 'input_required' ? late() : data;
  };
  expect(await late()).toMatchObject({
    status: 'failed',
    error: { code: 'INPUT_TIMED_OUT', step: 'hurry', retryable: true },
  });
  expect((await answer(job_id, { quick: { action: 'decline' } })).data.error.code).toBe('JOB_ALREADY_ENDED');
});

test('a job that waits can be cancelled, and takes no answer after that', async () => {
  const { job_id } = await asking();
  expect((await call(client, 'cancel_job', { job_id })).data.status).toBe('cancelled');
  const { data } = await answer(job_id, { approve: YES });
  expect(data.error).toMatchObject({ code: 'JOB_ALREADY_ENDED', details: { status: 'cancelled' } });
});

describe('an answer is refused, and nothing of it is taken,', () => {
  let job_id: string;
  beforeAll(async () => {
    ({ job_id } = await asking());
  });
  test.each([
    [
      'of the wrong shape',
      { approve: YES, paint: { action: 'accept', content: { colour: 'blue' } } },
      'INVALID_ARGUMENTS',
      /answers\.paint\.content.*colour/,
    ],
    [
      'without what is required',
      { approve: { action: 'accept', content: {} } },
      'INVALID_ARGUMENTS',
      /approve/,
    ],
    ['with nothing in it', {}, 'INVALID_ARGUMENTS', /^answers: .* example: \{"approve":\{/],
    ['with another action', { approve: { action: 'maybe' } }, 'INVALID_ARGUMENTS', /answers\.approve/],
    ['with a word', { approve: 'yes' }, 'INVALID_ARGUMENTS', /answers\.approve/],
    ['without the key of a question', { approve: true }, 'INVALID_ARGUMENTS', /example: \{"approve":\{/],
    [
      'to what was not asked',
      { approve: YES, budget: RED },
      'INPUT_NOT_REQUIRED',
      /answers\.budget.*Still open: approve, paint/,
    ],
    ['to a name that all objects know', { constructor: YES }, 'INPUT_NOT_REQUIRED', /answers\.constructor/],
    [
      'that is too large',
      { approve: { action: 'accept', content: { approve: true, reason: 'x'.repeat(20_000) } } },
      'INVALID_ARGUMENTS',
      /reason/,
    ],
  ])('%s', async (_case, answers, code, message) => {
    const { isError, data } = await answer(job_id, answers);
    expect(isError).toBe(true);
    expect(data.error).toMatchObject({ code, message: expect.stringMatching(message) });
    const { data: job } = await call(client, 'check_job', { job_id });
    expect(Object.keys(job.input_requests)).toEqual(['approve', 'paint']);
  });

  test("somebody else's", async () => {
    for (const id of [job_id, 'no-such-job']) {
      const { data } = await answer(id, { approve: YES }, mallory);
      expect(data).toEqual({ error: expect.objectContaining({ code: 'JOB_NOT_FOUND' }) });
    }
  });

  test('to a job that runs, or has not asked', async () => {
    const { data } = await call(client, 'start_probe', { behaviour: 'wait' });
    expect((await answer(data.job_id, { approve: YES })).data.error).toMatchObject({
      code: 'INPUT_NOT_REQUIRED',
    });
    await call(client, 'cancel_job', { job_id: data.job_id });
  });

  test('over HTTP with the status of its fault', async () => {
    const post = (path: string, answers: unknown) => api(`POST ${path}`, { json: { answers } });
    expect((await post(`/jobs/${job_id}/answers`, { budget: RED })).status).toBe(409);
    const wrong = { approve: { action: 'accept', content: { approve: 'perhaps' } } };
    expect((await post(`/jobs/${job_id}/answers`, wrong)).status).toBe(400);
    expect((await post('/jobs/no-such-job/answers', { approve: YES })).status).toBe(404);
  });
});

test('subscribers are told of the questions; of tokens and answers neither they, callers nor the log are told', async () => {
  const { data } = await call(client, 'start_ask', { callback_url: receiver.url, wait_seconds: 20 });
  await answer(data.job_id, { approve: YES, paint: { action: 'accept', content: { colour: 'green' } } });
  await end(data.job_id);
  const { json: asked } = await receiver.find(
    ({ json }) => json.type === 'job.input_required' && json.data.job_id === data.job_id,
  );
  expect(Object.keys(asked.data.input_requests)).toEqual(['approve', 'paint']);
  const { text, data: job } = await call(client, 'check_job', { job_id: data.job_id });
  const told = JSON.stringify([receiver.requests, text, job, lines]);
  expect(told).not.toMatch(/hunter2|task_?token/i);
});
