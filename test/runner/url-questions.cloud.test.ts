/** Questions that are answered on a page of their own: who is shown it, and that an answer says no more than that they went. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { LocalCloud } from '../../local/cloud.ts';
import { apiClient } from '../support/openapi.ts';
import { startRecordingReceiver } from '../support/recording-receiver.ts';
import { legacy, modern, type RpcOptions, TASKS } from '../support/rpc.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { call, connect } from '../support/test-cloud.ts';

let cloud: LocalCloud;
let client: Client;

beforeAll(async () => {
  cloud = await sharedCloud();
  client = await connect(cloud, { owner: 'ada' });
});
afterAll(async () => {
  await client.close();
});

const PAGE = 'https://login.example.com/device?code=WDJB-MJHT';
const VISIT = { message: 'Pick one there.', url: PAGE };
const ELICITATION = { mode: 'url', ...VISIT };
const ACCEPT = { action: 'accept' };
const ARGUMENTS = { page: PAGE };
const tasks = { [TASKS]: {} };
const URLS: RpcOptions = { capabilities: { elicitation: { url: {} }, extensions: tasks } };
const FORMS: RpcOptions = { capabilities: { elicitation: {}, extensions: tasks } };

/** A job that waits for its page to be opened. */
async function asking(args: object = {}) {
  const { data, text } = await call(client, 'inquire', { ...ARGUMENTS, ...args, wait_seconds: 20 });
  expect(data.status).toBe('input_required');
  return { jobId: data.job_id as string, data, text };
}

const answer = (job_id: string, visit: unknown) => call(client, 'answer_job', { job_id, answers: { visit } });
const end = async (job_id: string) => (await call(client, 'check_job', { job_id, wait_seconds: 20 })).data;

test('the official client is asked in the middle of a call, and has its user open it', async () => {
  const asked: unknown[] = [];
  const visitor = new Client(
    { name: 'test', version: '1.0.0' },
    { capabilities: { elicitation: { form: {}, url: {} } }, versionNegotiation: { mode: 'auto' } },
  );
  visitor.setRequestHandler('elicitation/create', ({ params }) => {
    asked.push(params);
    return { action: 'accept' as const };
  });
  await visitor.connect(new StreamableHTTPClientTransport(new URL('/mcp', cloud.url)));
  const { data } = await call(visitor, 'inquire', ARGUMENTS);
  await visitor.close();
  expect(data).toMatchObject({ status: 'completed', result: { colour: 'accepted {}' } });
  expect(asked).toEqual([expect.objectContaining(ELICITATION)]);
});

test('a client that opens no pages has a job, whose model is told what to do', async () => {
  const { jobId, data, text } = await asking();
  expect(data.input_requests).toEqual({ visit: VISIT });
  expect(text).toContain(PAGE);
  expect(text).toMatch(/do not open it yourself/);
  expect((await answer(jobId, ACCEPT)).isError).toBeFalsy();
  expect((await end(jobId)).result).toEqual({ colour: 'accepted {}' });
});

test.each(['decline', 'cancel'])('%s is an answer, too', async (action) => {
  const { jobId } = await asking();
  await answer(jobId, { action });
  expect((await end(jobId)).result).toEqual({ colour: action });
});

test('what belongs on the page is refused here, and the question stays open', async () => {
  const { jobId } = await asking();
  const refused = await answer(jobId, { ...ACCEPT, content: { password: 'hunter2' } });
  expect(refused.data.error).toMatchObject({ code: 'INVALID_ARGUMENTS' });
  expect(refused.text).toContain('answers.visit.content');
  expect(refused.text).toContain('Accept a url question without content');
  expect(refused.text).not.toContain('hunter2');
  expect((await call(client, 'check_job', { job_id: jobId })).data.status).toBe('input_required');
});

test('a form is still to be filled in', async () => {
  const { data } = await call(client, 'start_ask', { wait_seconds: 20 });
  const refused = await call(client, 'answer_job', { job_id: data.job_id, answers: { approve: ACCEPT } });
  expect(refused.data.error).toMatchObject({ code: 'INVALID_ARGUMENTS' });
  expect(refused.text).toContain('approve');
});

test('a task shows it to clients that open pages; to others it says who takes the answer', async () => {
  const { jobId: taskId } = await asking();
  const shown = await modern(cloud, 'tasks/get', { taskId }, URLS);
  expect(shown.result).toMatchObject({
    status: 'input_required',
    statusMessage: 'Pick one there.',
    inputRequests: { visit: { method: 'elicitation/create', params: ELICITATION } },
  });
  for (const options of [FORMS, { capabilities: { extensions: tasks } }]) {
    const { result } = await modern(cloud, 'tasks/get', { taskId }, options);
    expect(result).toMatchObject({ status: 'input_required', inputRequests: {} });
    expect(result.statusMessage).toContain('answer_job');
  }
  const updated = await modern(cloud, 'tasks/update', { taskId, inputResponses: { visit: ACCEPT } }, URLS);
  expect(updated.result).toMatchObject({ resultType: 'complete' });
  expect((await end(taskId)).result).toEqual({ colour: 'accepted {}' });
});

test('a tool that can be no job is refused to clients that open no pages', async () => {
  const params = { name: 'nap', arguments: { ms: 1, ends: 'visiting' } };
  const { status, error } = await modern(cloud, 'tools/call', params, FORMS);
  expect([status, error.code]).toEqual([400, -32021]);
  expect(error.data).toEqual({ requiredCapabilities: { elicitation: { url: {} } } });
  const old = await legacy(cloud, 'tools/call', params);
  expect(old.result.structuredContent.error).toMatchObject({ code: 'ELICITATION_REQUIRED' });
});

test('webhooks and links carry it, and plain HTTP answers it', async () => {
  const receiver = await startRecordingReceiver();
  try {
    const { jobId } = await asking({ callback_url: receiver.url });
    const { json } = await receiver.find(({ json: { type } }) => type === 'job.input_required');
    expect(json.data.input_requests).toEqual({ visit: VISIT });
    const link = new URL(json.answer_url).pathname;
    const nobody = apiClient(cloud, undefined);
    expect((await nobody(`GET ${link}`)).data).toEqual({
      operation: 'inquire',
      input_requests: { visit: VISIT },
    });
    const ada = apiClient(cloud, 'ada');
    expect((await ada(`GET /jobs/${jobId}`)).data.input_requests).toEqual({ visit: VISIT });
    const answered = await nobody(`POST ${link}`, { json: { answers: { visit: ACCEPT } } });
    expect([answered.status, answered.data.input_requests]).toEqual([200, {}]);
    expect((await end(jobId)).result).toEqual({ colour: 'accepted {}' });
  } finally {
    receiver.close();
  }
});

test.each([
  'http://login.example.com/',
  'javascript:alert(1)',
  'https://ada:secret@login.example.com/',
  'not a url',
])('a step that asks for %s has a mistake in it, which no caller is shown', async (page) => {
  const { data, text } = await call(client, 'inquire', { page });
  expect(data.error).toMatchObject({ code: 'INTERNAL_ERROR' });
  expect(text).not.toContain('login.example.com');
});
