/** Tests the result of a job: its fields and tokens, and that the text and the structure say the same. */
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import type { OperationDefinition } from '../../lambdas/definition/operation-definition.ts';
import type { Job } from '../../lambdas/jobs/job.ts';
import { PollIntervals } from '../../lambdas/jobs/poll-intervals.ts';
import { jobResult } from '../../lambdas/mcp/job-result.ts';
import { toCallToolResult, toErrorResult } from '../../lambdas/mcp/tool.ts';
import { build } from '../../lambdas/operations/build/operation.ts';
import type { Scope } from '../../lambdas/shared/caller.ts';
import { AppError, ErrorCode } from '../../lambdas/shared/errors.ts';
import type { WorkspaceLinks } from '../../lambdas/workspace/workspace-links.ts';

/** An id of usual cost: one in a thousand needs up to three tokens more than the limit. */
const JOB_ID = 'f47ac10b-58cc-4372-a567-0e02b2c3d479';
const SHA256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
const URL = `https://bucket.s3.amazonaws.com/key?X-Amz-Signature=${SHA256}`;
const UNTIL = '2026-01-01T00:15:00.000Z';
const MAX_RUNNING_TOKENS = 60;
const MAX_FINISHED_TOKENS = 200;

const workspace = {
  link: async ({ name, contentType, size, sha256 }: Parameters<WorkspaceLinks['link']>[0]) => ({
    ...{ name, content_type: contentType, size, sha256 },
    ...{ url: URL, url_expires_at: UNTIL },
  }),
  linkUpload: async () => ({ url: URL, url_expires_at: UNTIL }),
} as unknown as WorkspaceLinks;

const running: Job = {
  jobId: JOB_ID,
  owner: 'alice',
  operation: 'build',
  status: 'running',
  version: 3,
  progress: 5 / 12,
  step: 'compile',
  message: '[17/300] src/modules/module-16.ts -> dist/modules/module-16.js',
  input: { project: 'hello-service' },
  inputHash: '',
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:20.000Z',
  startedAt: '2026-01-01T00:00:01.000Z',
  retentionSeconds: 60,
  expiresAt: Date.parse('2026-01-02T00:00:00.000Z') / 1000,
};
const { message: _, ...ended } = { ...running, endedAt: running.updatedAt };
const completed: Job = {
  ...ended,
  status: 'completed',
  progress: 1,
  step: 'package',
  result: {
    artifact: '/builds/hello-service.tar.gz',
    size: 123_456,
    sha256: SHA256,
    entries: 42,
    skipped: [],
  },
  logs: { install: { key: 'logs/install', size: 9, sha256: SHA256 } },
  logTail: ['packed'],
};
const failed: Job = {
  ...ended,
  status: 'failed',
  step: 'test',
  error: {
    ...{ code: 'SCRIPT_FAILED', message: 'test exited with code 1.', step: 'test', retryable: true },
    details: { exit_code: 1 },
  },
  logs: { test: { key: 'logs/test', size: 9, sha256: SHA256 } },
  logTail: ['1 of 2 failed'],
};
const asking: Job = {
  ...running,
  status: 'input_required',
  message: 'Ok? Sign in.',
  inputRequests: {
    approve: { step: 'ask', message: 'Ok?', schema: { type: 'object', properties: {} } },
    visit: { step: 'ask', message: 'Sign in.', url: 'https://example.com/' },
  },
};
const uploading: Job = {
  ...running,
  status: 'input_required',
  inputRequests: { file: { step: 'take', message: 'A file.', upload: { key: 'uploads/x', maxBytes: 5 } } },
};

async function resultOf(
  job: Job,
  {
    include,
    operation = build as unknown as OperationDefinition,
    scopes = ['jobs:read', 'jobs:write'] as readonly Scope[],
    isNamedByCaller = false,
  }: {
    readonly include?: NonNullable<Parameters<typeof jobResult>[1]['include']>;
    readonly operation?: OperationDefinition;
    readonly scopes?: readonly Scope[];
    readonly isNamedByCaller?: boolean;
  } = {},
) {
  const polls = new PollIntervals();
  const options = { operation, workspace, polls, caller: { scopes }, include, isNamedByCaller };
  const result = await jobResult(job, options);
  const { content, structuredContent } = toCallToolResult(result);
  const [block, ...others] = content;
  // biome-ignore lint/suspicious/noExplicitAny: results are checked field by field
  const data = structuredContent as any;
  return { data, text: block?.type === 'text' ? block.text : '', others };
}

const tokens = (data: unknown) => countTokens(JSON.stringify(data));

test('a poll of a running job has the contract and what to do next, in 60 tokens', async () => {
  const { data, text } = await resultOf(running);
  expect(data).toEqual({
    job_id: JOB_ID,
    status: 'running',
    progress: 0.41,
    result: null,
    error: null,
    next: 'Call check_job again.',
  });
  expect(tokens(data)).toBeLessThanOrEqual(MAX_RUNNING_TOKENS);
  expect(text).toBe(`Job ${JOB_ID} is running at 41 %.\nCall check_job again.`);
});

test('a poll of a notified job says that the caller need not poll', async () => {
  const nextOf = async (notified: Job['notified']) => (await resultOf({ ...running, notified })).data.next;
  expect(await nextOf('end_or_input')).toBe(
    'You may end your turn: you will be notified when the job ends or needs input.',
  );
  expect(await nextOf('end')).toBe(
    'You may end your turn: you will be notified when the job ends, but not when it needs input.',
  );
  const { data } = await resultOf({ ...asking, notified: 'end_or_input' });
  expect(data.next).toMatch(/^Ask the user/);
});

test('the text omits the id that the caller has given', async () => {
  const { text } = await resultOf(completed, { isNamedByCaller: true });
  expect(text).toMatch(/^The job completed\.\nResult: /);
});

test('progress is rounded down to whole percents, so that only a completed job has 1', async () => {
  const progressOf = async (progress: number) => (await resultOf({ ...running, progress })).data.progress;
  expect(await Promise.all([0, 0.25, 0.29, 0.57, 1 / 3, 0.999_99].map(progressOf))).toEqual([
    0, 0.25, 0.29, 0.57, 0.33, 0.99,
  ]);
});

test('a poll of a completed build has its result and its files without URLs, in 200 tokens', async () => {
  const { data, text, others } = await resultOf(completed);
  expect(data).toEqual({
    job_id: JOB_ID,
    status: 'completed',
    progress: 1,
    result: completed.result,
    error: null,
    files: [
      { name: 'hello-service.tar.gz', size: 123_456, content_type: 'application/gzip', sha256: SHA256 },
    ],
    next: 'Call get_file for a download URL.',
  });
  expect(tokens(data)).toBeLessThanOrEqual(MAX_FINISHED_TOKENS);
  expect(text).toBe(
    `Job ${JOB_ID} completed.\nResult: /builds/hello-service.tar.gz, 42 entries.\n` +
      'Files: hello-service.tar.gz (123,456 bytes).\nCall get_file for a download URL.',
  );
  expect(others).toEqual([]);
});

test('a failed job has its error, the last lines of its log, and where all of it is', async () => {
  const { data, text } = await resultOf(failed);
  expect(data).toMatchObject({
    status: 'failed',
    error: failed.error,
    log_tail: ['1 of 2 failed'],
    next: 'Call read_log for the whole log. Call retry_job to run it again from test.',
  });
  expect(data).not.toHaveProperty('files');
  expect(text).toContain(
    'failed in step test: SCRIPT_FAILED: test exited with code 1.\nDetails: {"retryable":true,"exit_code":1}\nLast lines:\n1 of 2 failed\n',
  );
});

test('a failed job names retry_job only when a retry can succeed and is allowed', async () => {
  const nextOf = async (job: Job, operation?: OperationDefinition) =>
    (await resultOf({ ...job, logs: {} }, { ...(operation && { operation }) })).data.next;
  const whole = { ...build, retry: 'whole' } as unknown as OperationDefinition;
  const never = { ...build, retry: 'never' } as unknown as OperationDefinition;
  const lasting = { ...failed, error: { code: 'SCRIPT_FAILED', message: 'no', retryable: false } };
  expect(await nextOf(failed)).toBe('Call retry_job to run it again from test.');
  expect(await nextOf(failed, whole)).toBe('Call retry_job to run it again from install.');
  expect(await nextOf(failed, never)).toBeUndefined();
  expect(await nextOf(lasting)).toBeUndefined();
});

test('a job whose step crashed says where its lines are, though its record has none', async () => {
  const error = { code: 'STEP_CRASHED', message: 'It crashed.', step: 'install', retryable: true };
  const { data } = await resultOf({ ...failed, error, logs: {}, logTail: [] });
  expect(data).toMatchObject({
    status: 'failed',
    next: expect.stringMatching(/^Call read_log for the whole log\./),
  });
});

test('a cancelled job says where and why', async () => {
  const cancelled: Job = { ...ended, status: 'cancelled', message: 'Cancelled by its owner.' };
  const { data, text } = await resultOf(cancelled);
  expect(data).toMatchObject({ status: 'cancelled', step: 'compile', message: 'Cancelled by its owner.' });
  expect(data).not.toHaveProperty('next');
  expect(text).toBe(`Job ${JOB_ID} was cancelled at 41 %, in step compile: Cancelled by its owner.`);
});

test('questions come with how to answer them', async () => {
  const { data } = await resultOf(asking);
  expect(Object.keys(data.input_requests)).toEqual(['approve', 'visit']);
  expect(data.next).toMatch(
    /^Ask the user, then call answer_job .* approve, visit\.\nShow the user the url of visit /,
  );
});

test('an upload has its URL once in each form, and the command', async () => {
  const { data, text } = await resultOf(uploading);
  expect(data.input_requests.file.upload.url).toBe(URL);
  expect(JSON.stringify(data).split(URL)).toHaveLength(2);
  expect(text.split(URL)).toHaveLength(2);
  expect(text).toContain(`curl --fail-with-body -T FILE '${URL}'`);
  expect(data.next).toContain("curl --fail-with-body -T FILE 'URL'");
});

test('an upload that the caller may not make says which scope it needs', async () => {
  const { data, text } = await resultOf(uploading, { scopes: ['jobs:read'] });
  expect(JSON.stringify(data) + text).not.toContain(URL);
  expect(data.next).toContain('jobs:write');
});

test('a job whose questions are all answered is to be checked again', async () => {
  const answers = { approve: { action: 'decline' }, visit: { action: 'decline' } } as const;
  expect((await resultOf({ ...asking, answers })).data.next).toBe('Call check_job again.');
});

describe('on request', () => {
  test('links adds a URL to each file, once in each form', async () => {
    const { data, text } = await resultOf(completed, { include: ['links'] });
    expect(data.files).toMatchObject([{ name: 'hello-service.tar.gz', url: URL, url_expires_at: UNTIL }]);
    expect(data).not.toHaveProperty('next');
    expect(text).toContain(`hello-service.tar.gz (123,456 bytes, sha256 ${SHA256}), until ${UNTIL}: ${URL}`);
    expect([text, JSON.stringify(data)].map((form) => form.split(URL).length)).toEqual([2, 2]);
  });

  test('log adds its last lines and its files, also of a job that did not fail', async () => {
    const { data, text } = await resultOf(completed, { include: ['log'] });
    expect(data.log_tail).toEqual(['packed']);
    expect(data.files.map(({ name }: { name: string }) => name)).toEqual([
      'hello-service.tar.gz',
      'install.log',
    ]);
    expect(text).toContain('Last lines:\npacked\n');
  });

  test('details adds all that the HTTP API shows, to the text as well', async () => {
    const { data, text } = await resultOf(running, { include: ['details'] });
    expect(data).toMatchObject({
      operation: 'build',
      step: 'compile',
      message: running.message,
      created_at: running.createdAt,
      started_at: running.startedAt,
      expires_at: '2026-01-02T00:00:00.000Z',
      poll_after_ms: expect.any(Number),
    });
    for (const field of ['operation', 'step', 'message', 'created_at', 'poll_after_ms'])
      expect(text).toContain(`${field}: ${data[field]}\n`);
  });
});

test('a large result is a file, and the guidance says how to read it', async () => {
  const { result: _result, ...without } = completed;
  const large: Job = { ...without, resultObject: { key: 'results/x.json', size: 100_000, sha256: SHA256 } };
  const { data, text } = await resultOf(large);
  expect(data).toMatchObject({ result: null, files: [{ name: 'result.json', size: 100_000 }] });
  expect(data).not.toHaveProperty('result_object');
  expect(data.next).toBe(
    `Read the result in parts from the resource job://${JOB_ID}/result. Call get_file for a download URL.`,
  );
  expect(text).toContain('Its result has 100000 bytes: see result.json.');
});

test('a client that shows only text sees the start of a long result, and where the rest is', async () => {
  const text = `${'x'.repeat(1_999 - '{"text":"'.length)}😀${'y'.repeat(3_000)}`;
  const operation = { ...build, files: undefined } as unknown as OperationDefinition;
  const shown = (await resultOf({ ...completed, result: { text } }, { operation })).text;
  expect(shown.length).toBeLessThan(2_300);
  expect(shown.isWellFormed()).toBe(true);
  expect(shown).toContain('get_file returns result.json');
});

test.each<[string, Job]>([
  ['a running job', running],
  ['a completed job', completed],
  ['a failed job', failed],
  ['questions', asking],
  ['an upload', uploading],
])('%s: both forms end with the same guidance, and the text is one block', async (_what, job) => {
  const { data, text, others } = await resultOf(job);
  expect(data.next).toEqual(expect.any(String));
  expect(text.endsWith(`\n${data.next}`)).toBe(true);
  expect(others).toEqual([]);
});

test('an error says the same in both forms', () => {
  const wait = new AppError(ErrorCode.resourceExhausted, 'Wait.', {
    retryable: true,
    details: { retry_after_ms: 5, more: 'x'.repeat(5_000) },
  });
  const { content, structuredContent } = toErrorResult(wait);
  const text = content[0]?.type === 'text' ? content[0].text : '';
  expect(structuredContent).toMatchObject({
    error: { code: wait.code, retryable: true, details: wait.details },
  });
  expect(text).toMatch(
    /^RESOURCE_EXHAUSTED: Wait\.\nDetails: \{"retryable":true,"retry_after_ms":5,"more":"x+$/,
  );
  expect(text.length).toBeLessThan(1_100);
});

test('audio is an embedded resource for clients whose revision may lack audio', () => {
  const image = { type: 'image', data: 'AA==', mimeType: 'image/png' } as const;
  const audio = { type: 'audio', data: 'AA==', mimeType: 'audio/wav' } as const;
  const result = { structured: {}, text: 'x', content: [image, audio] };
  expect(toCallToolResult(result).content.slice(1)).toEqual([image, audio]);
  expect(toCallToolResult(result, { acceptsAudio: false }).content.slice(1)).toEqual([
    image,
    { type: 'resource', resource: { uri: 'result://audio/1', mimeType: 'audio/wav', blob: 'AA==' } },
  ]);
});
