/** Tests what the card reads from tool results, which may come from anybody. */
import { applyHostStyle } from '../../console/card/host-style.ts';
import { findJobId, readToolResult } from '../../console/card/job-state.ts';
import { announcementOf, titleOf } from '../../console/card/words.ts';
import { httpUrl } from '../../console/shared/http-url.ts';
import { checked, JOB_ID, jobResult } from './card-host.ts';

const jobOf = (...results: unknown[]) => {
  let job: ReturnType<typeof readToolResult>['job'];
  for (const result of results) job = readToolResult(result, job).job;
  return job;
};

test('a shorter result keeps what a longer one has said', () => {
  const whole = checked({
    progress: 0.5,
    step: 'compile',
    log_tail: ['x'],
    timeline: { steps: [{ step: 'compile', status: 'running' }] },
  });
  expect(jobOf(whole, jobResult({ status: 'running', progress: 0.4 }))).toMatchObject({
    operation: 'build',
    subject: 'web-shop',
    step: 'compile',
    progress: 0.5,
    lines: ['x'],
    timeline: { steps: [{ step: 'compile', status: 'running' }] },
    isWhole: false,
  });
  // The next one is whole again: the job has no step now.
  expect(jobOf(whole, checked({ progress: 0.6 }))?.step).toBeUndefined();
});

test('a job that has ended never runs again', () => {
  expect(jobOf(checked({ status: 'completed' }), checked({ status: 'running' }))?.status).toBe('completed');
});

test('another job has nothing of the one before', () => {
  const other = jobResult({ job_id: 'x', status: 'pending', progress: 0 });
  expect(jobOf(checked({ progress: 0.9, log_tail: ['x'] }), other)).toMatchObject({
    jobId: 'x',
    progress: 0,
    lines: [],
    subject: undefined,
  });
});

test('a job that is about nothing has no subject', () => {
  const view = { job_id: JOB_ID, status: 'running', operation: 'sweep', step: 'one', message: 'Works.' };
  expect(jobOf({ structuredContent: view })?.subject).toBeUndefined();
});

test('an upload keeps its address while it is valid', () => {
  const asked = (url: string, minutes: number) =>
    checked({
      status: 'input_required',
      input_requests: {
        file: {
          message: 'File?',
          upload: {
            method: 'PUT',
            max_bytes: 9,
            url,
            url_expires_at: new Date(Date.now() + minutes * 60_000).toISOString(),
          },
        },
      },
    });
  const urlOf = (job: ReturnType<typeof jobOf>) => {
    const [, request] = job?.requests[0] ?? [];
    return request && 'upload' in request ? request.upload.url : undefined;
  };
  expect(urlOf(jobOf(asked('https://a/1', 15), asked('https://a/2', 15)))).toBe('https://a/1');
  expect(urlOf(jobOf(asked('https://a/1', 1), asked('https://a/2', 15)))).toBe('https://a/2');
});

test.each([
  undefined,
  null,
  'x',
  7,
  [],
  {},
  { structuredContent: 'x' },
  { structuredContent: { job_id: 7, status: 'running' } },
  { structuredContent: { job_id: 'x', status: '<b>' } },
])('%j is about no job', (result) => {
  expect(readToolResult(result)).toEqual({ text: '' });
});

test('fields of other types are left out', () => {
  const odd = {
    steps: [
      null,
      { step: 7 },
      { step: 'a', status: 'x' },
      { step: 'b', status: 'reused', attempts: [null, {}, { started_at: 'never' }], waits: 7 },
    ],
  };
  const job = jobOf(
    checked({
      progress: 'much',
      step: { html: '<b>' },
      message: 7,
      log_tail: [7, 'line', null],
      files: [null, { name: 7 }, { name: 'a', size: 'x' }, { name: 'b', size: 1 }],
      input_requests: { a: null, b: { message: 7 }, c: { message: 'Which?', schema: 'x' } },
      error: { code: 7 },
      timeline: odd,
      poll_after_ms: 'soon',
    }),
  );
  expect(job).toMatchObject({
    progress: 0,
    step: undefined,
    message: undefined,
    lines: ['line'],
    files: [{ name: 'b', size: 1 }],
    requests: [['c', { message: 'Which?', schema: {} }]],
    error: undefined,
    timeline: { steps: [{ step: 'b', status: 'reused', attempts: [], waits: [] }] },
    pollAfterMs: undefined,
  });
});

test('a log of long lines and a list of many files are cut', () => {
  const line = 'x'.repeat(1_000_000);
  const job = jobOf(
    checked({
      log_tail: Array(1_000).fill(line),
      files: Array.from({ length: 5_000 }, (_, index) => ({ name: `${index}`, size: 1 })),
    }),
  );
  expect(job?.lines.length).toBeLessThanOrEqual(50);
  expect(job?.lines[0]?.length).toBeLessThanOrEqual(1_001);
  expect(job?.files.length).toBeLessThanOrEqual(200);
});

test('a failed tool without a code says what it said', () => {
  const content = [{ type: 'text', text: 'No.' }];
  expect(readToolResult({ isError: true, content }).error).toEqual({ code: 'TOOL_FAILED', message: 'No.' });
});

test('the id of a job is found in arguments and in text', () => {
  expect(findJobId({ job_id: JOB_ID })).toBe(JOB_ID);
  expect(findJobId(`Job ${JOB_ID} is running at 5 %.`)).toBe(JOB_ID);
  expect(findJobId({ project: 'web-shop' })).toBeUndefined();
  expect(findJobId('No job.')).toBeUndefined();
});

test('a screen reader hears of the status and the step, not of each percent', () => {
  const say = (view: Readonly<Record<string, unknown>>) =>
    announcementOf({ connection: 'connected', job: jobOf(checked(view)) });
  expect(say({ progress: 0.1, step: 'compile' })).toBe('Build web-shop is running, step compile.');
  expect(say({ progress: 0.2, step: 'compile' })).toBe(say({ progress: 0.1, step: 'compile' }));
  expect(say({ status: 'pending' })).toBe('Build web-shop has not begun yet.');
  expect(say({ status: 'completed' })).toBe('Build web-shop has completed.');
  expect(say({ status: 'cancelled' })).toBe('Build web-shop was cancelled.');
  expect(say({ status: 'failed', error: { code: 'X', message: 'No.', step: 'test' } })).toBe(
    'Build web-shop has failed, step test. No.',
  );
  expect(say({ status: 'input_required', input_requests: { a: { message: 'Release?', schema: {} } } })).toBe(
    'Build web-shop waits for you: Release?',
  );
  expect(announcementOf({ connection: 'silent' })).toBe('The host does not answer.');
  expect(titleOf({ title: 'Build the project' })).toBe('Build the project');
});

test('only pages of the web are addresses to open', () => {
  expect(httpUrl('https://example.com/a?b#c')).toBe('https://example.com/a?b#c');
  expect(httpUrl('http://127.0.0.1:3000/')).toBe('http://127.0.0.1:3000/');
  for (const other of [
    'javascript:alert(1)',
    ' javascript:alert(1)',
    'data:text/html,x',
    'file:///x',
    '//example.com',
    'x',
    '',
    7,
    null,
  ])
    expect(httpUrl(other)).toBeUndefined();
});

describe('the style of a host', () => {
  const dress = (context: object) => {
    const set: Record<string, string> = {};
    const style = {
      colorScheme: '',
      setProperty(name: string, value: string) {
        set[name] = value;
      },
    };
    applyHostStyle(style, context as never);
    return { theme: style.colorScheme, set };
  };
  const names = [
    'background-primary',
    'background-secondary',
    'text-primary',
    'text-secondary',
    'border-primary',
  ];
  const variables = Object.fromEntries(names.map((name) => [`--color-${name}`, 'light-dark(#fff, #000)']));

  test('gives the card its theme and colors', () => {
    const { theme, set } = dress({
      theme: 'dark',
      styles: { variables: { ...variables, '--font-sans': 'Inter, sans-serif' } },
    });
    expect(theme).toBe('dark');
    expect(set).toMatchObject({
      '--ground': 'light-dark(#fff, #000)',
      '--muted': 'light-dark(#fff, #000)',
      '--sans': 'Inter, sans-serif',
    });
  });

  test('gives no color when some are missing: texts could be unreadable', () => {
    expect(dress({ styles: { variables: { '--color-background-primary': '#000' } } }).set).toEqual({});
  });

  test.each([
    'url(https://example.com/x)',
    'image-set("x" 1x)',
    'red; --x: 1',
    '\\75rl(x)',
    'x'.repeat(500),
    7,
  ])('never gives the value %p, which could load something', (value) => {
    expect(dress({ theme: '<b>', styles: { variables: { '--font-mono': value } } })).toEqual({
      theme: '',
      set: {},
    });
  });
});
