/** Provides the values that the examples share. */
export const JOB_ID = '88fa9573-7488-484c-9c44-3355f5da2c6a';
export const ENDPOINT_ID = 'ep_0f8fad5bd9cb469fa16570867728950e';
export const DELIVERY_ID = `${JOB_ID}.0000000000009.${ENDPOINT_ID}`;
export const OWNER = 'arn:aws:iam::111122223333:user/ada';
export const SECRET = 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
export const ANSWER_TOKEN = 'WyI4OGZhOTU3My03NDg4LTQ4NGMtOWM0NC0zMzU1ZjVkYTJjNmEi';

/** @returns the time of the examples, plus so many seconds */
export function after(seconds: number): string {
  return new Date(Date.UTC(2026, 0, 1, 12) + seconds * 1000).toISOString();
}

/** @returns the time of the examples, plus so many days and seconds */
export function afterDays(days: number, seconds = 0): string {
  return after(days * 24 * 60 * 60 + seconds);
}

/** What the steps of `build` may take at most, rounded: an open record stays that long, and a day more. */
export const LONGEST_BUILD_SECONDS = 4 * 60 * 60;

/** An open question, as in `input_requests`. */
export const question = {
  message: 'Release hello-service to production?',
  schema: { type: 'object', properties: { approve: { type: 'boolean' } }, required: ['approve'] },
};

export const runningJob = {
  job_id: JOB_ID,
  operation: 'build',
  project: 'hello-service',
  status: 'running',
  progress: 0.25,
  step: 'compile',
  message: 'Running compile.',
  result: null,
  error: null,
  created_at: after(0),
  started_at: after(1),
  updated_at: after(20),
  expires_at: afterDays(1, LONGEST_BUILD_SECONDS),
  poll_after_ms: 2000,
};

export const completedJob = {
  job_id: JOB_ID,
  operation: 'build',
  project: 'hello-service',
  status: 'completed',
  progress: 1,
  step: 'package',
  message: 'Completed.',
  result: { artifact: '/builds/hello-service.tar.gz' },
  error: null,
  created_at: after(0),
  started_at: after(1),
  updated_at: after(90),
  ended_at: after(90),
  expires_at: afterDays(1, 90),
};

const FAILURE = {
  code: 'SCRIPT_FAILED',
  message: 'npm test exited with code 1. Read the log of the step.',
};

export const failedJob = {
  job_id: JOB_ID,
  operation: 'build',
  project: 'hello-service',
  status: 'failed',
  progress: 0.5,
  step: 'test',
  message: FAILURE.message,
  result: null,
  error: { ...FAILURE, step: 'test', retryable: false, details: { exit_code: 1 } },
  log_tail: ['1 of 12 tests failed'],
  created_at: after(0),
  started_at: after(1),
  updated_at: after(40),
  ended_at: after(40),
  expires_at: afterDays(1, 40),
};

/** What only the routes of one job return. */
export const failedJobParts = {
  timeline: {
    queued_ms: 1000,
    steps: [
      { ...span('install', 1, 20), attempts: [times(1, 20)] },
      { ...span('compile', 20, 30), attempts: [times(20, 30)] },
      { ...span('test', 30, 40), status: 'failed', attempts: [{ ...times(30, 40), error: FAILURE }] },
      { step: 'package', status: 'pending' },
    ],
  },
  receipt: {
    total_usd: 0.0017,
    prices: '2026-09-06',
    region: 'us-east-1',
    lines: [
      { what: 'Lambda: sandbox', quantity: 115.2, unit: 'GB-seconds', usd: 0.00154 },
      { what: 'Step Functions: state transitions', quantity: 5, unit: 'transitions', usd: 0.000125 },
    ],
  },
};

export const askingJob = {
  job_id: JOB_ID,
  operation: 'deploy',
  project: 'hello-service',
  status: 'input_required',
  progress: 0.25,
  step: 'approve',
  message: question.message,
  input_requests: { approve: question },
  result: null,
  error: null,
  created_at: after(0),
  started_at: after(1),
  updated_at: after(30),
  expires_at: afterDays(4),
  poll_after_ms: 2000,
};

function times(from: number, to: number) {
  return { started_at: after(from), ended_at: after(to) };
}

function span(step: string, from: number, to: number) {
  return { step, status: 'completed', ...times(from, to) };
}
