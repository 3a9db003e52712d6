/** Tests what clients see of a timeline, at each moment of a job and for records that lack one. */
import type { Job } from '../../lambdas/jobs/job.ts';
import { viewTimeline } from '../../lambdas/jobs/timeline-view.ts';

const STEPS = ['install', 'compile', 'test'];
const START = Date.parse('2026-01-01T00:00:00.000Z');
const at = (seconds: number) => START + seconds * 1_000;
const iso = (seconds: number) => new Date(at(seconds)).toISOString();
const span = (from: number, to: number) => ({ started_at: iso(from), ended_at: iso(to) });

const job = {
  jobId: '7d5fbf9e-0000-4000-8000-000000000001',
  operation: 'build',
  status: 'running',
  step: 'install',
  createdAt: iso(0),
  startedAt: iso(1),
} as Job;
const installed = [
  { step: 'install', began: at(1) },
  { step: 'install', ended: at(3) },
];
const install = { step: 'install', status: 'completed', ...span(1, 3), attempts: [span(1, 3)] };
const CRASHED = { code: 'STEP_CRASHED', message: 'The attempt ended without a report.' };

const view = (changes: Partial<Job>, steps = STEPS) => viewTimeline({ ...job, ...changes }, steps);
const viewStep = (step: string, changes: Partial<Job>) =>
  view(changes).steps.find((entry) => entry.step === step);

test('of a job that has not begun, all steps are pending', () => {
  const { step: _, startedAt: __, ...pending } = job;
  expect(viewTimeline({ ...pending, status: 'pending' }, STEPS)).toEqual({
    steps: STEPS.map((step) => ({ step, status: 'pending' })),
  });
});

test('a running job has its finished steps, the running one and those to come', () => {
  expect(view({ step: 'compile', timeline: [...installed, { step: 'compile', began: at(4) }] })).toEqual({
    queued_ms: 1_000,
    steps: [
      install,
      { step: 'compile', status: 'running', started_at: iso(4), attempts: [{ started_at: iso(4) }] },
      { step: 'test', status: 'pending' },
    ],
  });
});

test('the clocks of two writers do not make the queue time negative', () => {
  expect(view({ createdAt: iso(2) }).queued_ms).toBe(0);
});

test('the last step ends with the job', () => {
  const timeline = [...installed, { step: 'compile', began: at(4) }, { step: 'test', began: at(6) }];
  const done = { status: 'completed', step: 'test', endedAt: iso(8), timeline } as const;
  expect(view(done).steps).toEqual([
    install,
    // An older version of the step's code recorded no end.
    { step: 'compile', status: 'completed', ...span(4, 6), attempts: [span(4, 6)] },
    { step: 'test', status: 'completed', ...span(6, 8), attempts: [span(6, 8)] },
  ]);
});

test('an attempt that failed has its error, and the next one follows', () => {
  const error = { code: 'SCRIPT_FAILED', message: 'It failed.' };
  const timeline = [
    { step: 'install', began: at(1) },
    { step: 'install', failed: at(2), ...error },
    { step: 'install', began: at(4) },
  ];
  expect(viewStep('install', { timeline })).toEqual({
    step: 'install',
    status: 'running',
    started_at: iso(1),
    attempts: [{ ...span(1, 2), error }, { started_at: iso(4) }],
  });
});

test('an attempt that crashed ends when the next one begins', () => {
  const timeline = [
    { step: 'install', began: at(1) },
    { step: 'install', began: at(4) },
    { step: 'install', ended: at(5) },
  ];
  expect(viewStep('install', { step: 'compile', timeline })).toEqual({
    step: 'install',
    status: 'completed',
    ...span(1, 5),
    attempts: [{ ...span(1, 4), error: CRASHED }, span(4, 5)],
  });
});

test('a failed job has its error at the last attempt, cut off, and the steps after it stay pending', () => {
  const error = { code: 'SCRIPT_FAILED', message: 'x'.repeat(1_000), retryable: false };
  const timeline = [{ step: 'install', began: at(1) }];
  const message = `${'x'.repeat(199)}…`;
  expect(view({ status: 'failed', error, endedAt: iso(2), timeline }).steps).toEqual([
    {
      step: 'install',
      status: 'failed',
      ...span(1, 2),
      attempts: [{ ...span(1, 2), error: { code: 'SCRIPT_FAILED', message } }],
    },
    { step: 'compile', status: 'pending' },
    { step: 'test', status: 'pending' },
  ]);
});

test('a cancelled job has no error at its step', () => {
  const timeline = [{ step: 'install', began: at(1) }];
  expect(viewStep('install', { status: 'cancelled', endedAt: iso(2), timeline })).toEqual({
    step: 'install',
    status: 'cancelled',
    ...span(1, 2),
    attempts: [span(1, 2)],
  });
});

describe('a step that asks', () => {
  const asked = [
    { step: 'install', began: at(1) },
    { step: 'install', asked: at(2) },
  ];
  const answered = [...asked, { step: 'install', answered: at(9) }];

  test('waits for an answer', () => {
    expect(viewStep('install', { status: 'input_required', timeline: asked })).toEqual({
      step: 'install',
      status: 'input_required',
      started_at: iso(1),
      attempts: [span(1, 2)],
      waits: [{ asked_at: iso(2) }],
    });
  });

  test('has one wait, though its state asked twice', () => {
    const timeline = [...asked, { step: 'install', asked: at(3) }];
    expect(viewStep('install', { status: 'input_required', timeline })?.waits).toEqual([
      { asked_at: iso(2) },
    ]);
  });

  test('begins again after the answer', () => {
    const timeline = [...answered, { step: 'install', began: at(10) }];
    expect(viewStep('install', { timeline })).toMatchObject({
      status: 'running',
      attempts: [span(1, 2), { started_at: iso(10) }],
      waits: [{ asked_at: iso(2), answered_at: iso(9) }],
    });
  });

  test('has each of its waits', () => {
    const timeline = [...answered, { step: 'install', began: at(10) }, { step: 'install', asked: at(11) }];
    expect(viewStep('install', { status: 'input_required', timeline })?.waits).toEqual([
      { asked_at: iso(2), answered_at: iso(9) },
      { asked_at: iso(11) },
    ]);
  });

  test('that got no answer in time failed, and its attempt did not', () => {
    const error = { code: 'INPUT_TIMED_OUT', message: 'No answer.', retryable: true };
    expect(viewStep('install', { status: 'failed', error, endedAt: iso(9), timeline: asked })).toEqual({
      step: 'install',
      status: 'failed',
      ...span(1, 9),
      attempts: [span(1, 2)],
      waits: [{ asked_at: iso(2) }],
    });
  });
});

test('attempts that were left out are counted', () => {
  const timeline = [
    { step: 'install', began: at(1) },
    { step: 'install', failed: at(2), code: 'FAILED', message: 'No.' },
    { step: 'install', omitted: 7 },
    { step: 'install', began: at(20) },
  ];
  expect(viewStep('install', { timeline })).toMatchObject({
    attempts_omitted: 7,
    attempts: [{ error: { code: 'FAILED', message: 'No.' } }, { started_at: iso(20) }],
  });
});

test('events whose attempt was left out change nothing', () => {
  const timeline = [
    { step: 'install', answered: at(2) },
    { step: 'install', failed: at(2), code: 'FAILED', message: 'No.' },
  ];
  expect(viewStep('install', { timeline })).toEqual({
    step: 'install',
    status: 'running',
    started_at: iso(1),
  });
});

test('the steps before the first one of a retried job are reused', () => {
  const timeline = [
    { step: 'compile', ended: at(-50) },
    { step: 'test', began: at(1) },
  ];
  expect(view({ firstStep: 'test', step: 'test', timeline }).steps).toEqual([
    { step: 'install', status: 'reused' },
    { step: 'compile', status: 'reused' },
    { step: 'test', status: 'running', started_at: iso(1), attempts: [{ started_at: iso(1) }] },
  ]);
});

test.each([
  ['running', undefined],
  ['failed', iso(9)],
] as const)('a %s record without a timeline has what the rest of it says', (status, endedAt) => {
  expect(view({ status, step: 'compile', ...(endedAt && { endedAt }) })).toEqual({
    queued_ms: 1_000,
    steps: [
      { step: 'install', status: 'completed', started_at: iso(1) },
      { step: 'compile', status, ...(endedAt && { ended_at: endedAt }) },
      { step: 'test', status: 'pending' },
    ],
  });
});

test('without a definition the recorded steps are shown', () => {
  const { steps } = view(
    { step: 'compile', timeline: [...installed, { step: 'compile', began: at(4) }] },
    [],
  );
  expect(steps.map(({ step, status }) => [step, status])).toEqual([
    ['install', 'completed'],
    ['compile', 'running'],
  ]);
});

test('a recorded step that the definition no longer has follows the others', () => {
  const { steps } = view({ step: 'old', timeline: [{ step: 'old', began: at(4) }] });
  expect(steps.map(({ step }) => step)).toEqual([...STEPS, 'old']);
});

test('a state of an external state machine that another one followed is completed', () => {
  const timeline = [
    { step: 'Poll', began: at(1) },
    { step: 'Wait', began: at(2) },
    { step: 'Wait', ended: at(4) },
  ];
  expect(view({ step: 'Poll', timeline }, []).steps).toMatchObject([
    { step: 'Poll', status: 'running' },
    { step: 'Wait', status: 'completed', ...span(2, 4) },
  ]);
});
