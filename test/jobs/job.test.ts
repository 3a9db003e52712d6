/** Tests the rules of a job: its statuses, its ids, its requests and the hash of its input. */
import {
  awaitedUpload,
  executionName,
  firstVersion,
  hashInput,
  type InputRequest,
  isJobId,
  isTerminal,
  isUpload,
  isUrl,
  type Job,
  JobStatus,
  jobIdForKey,
  leadingJobId,
  logsOf,
  openRequests,
  STATUSES_BEFORE,
} from '../../lambdas/jobs/job.ts';

const ID = '7d5fbf9e-0000-4000-8000-000000000001';
const form: InputRequest = { step: 'ask', message: 'Which?', schema: { type: 'object' } };
const page: InputRequest = { step: 'ask', message: 'Sign in.', url: 'https://example.com/' };
const file: InputRequest = { step: 'take', message: 'A file.', upload: { key: 'uploads/x', maxBytes: 1 } };

test('each status follows only the statuses that may precede it', () => {
  expect(STATUSES_BEFORE).toEqual({
    pending: [],
    running: ['pending', 'running', 'input_required'],
    input_required: ['running', 'input_required'],
    completed: ['running'],
    failed: ['pending', 'running', 'input_required'],
    cancelled: ['pending', 'running', 'input_required'],
  });
});

test('a pending job does not become completed', () => {
  expect(STATUSES_BEFORE.completed).not.toContain(JobStatus.pending);
});

test.each([
  ['pending', false],
  ['running', false],
  ['input_required', false],
  ['completed', true],
  ['failed', true],
  ['cancelled', true],
] as const)('whether %s is terminal: %s', (status, terminal) => {
  expect(isTerminal(status)).toBe(terminal);
});

test('a job starts at version 1, and a job with an idempotency key at its creation time', () => {
  const createdAt = '2026-01-01T00:00:00.000Z';
  expect(firstVersion({ createdAt })).toBe(1);
  expect(firstVersion({ createdAt, idempotent: true })).toBe(Date.parse(createdAt));
});

test('the kind of a request shows in its properties', () => {
  expect([form, page, file].map(isUpload)).toEqual([false, false, true]);
  expect([form, page, file].map(isUrl)).toEqual([false, true, false]);
});

test('only steps that printed output have logs', () => {
  const log = { key: 'logs/x', size: 1, sha256: 'ab' };
  expect(logsOf({ install: { log }, test: {} })).toEqual({ install: log });
});

test('open requests are those without an answer, in order', () => {
  const inputRequests = { first: form, second: page, third: file };
  expect(openRequests({ inputRequests, answers: { second: { action: 'decline' } } })).toEqual([
    ['first', form],
    ['third', file],
  ]);
  expect(openRequests({})).toEqual([]);
});

describe('an awaited upload', () => {
  const job = (changes: Partial<Job>) =>
    ({ status: 'input_required', inputRequests: { file }, ...changes }) as Job;

  test('is the open upload request of a job that needs input', () => {
    expect(awaitedUpload(job({ inputRequests: { question: form, file } }))).toEqual({
      key: 'file',
      request: file,
    });
  });

  test('does not exist while the job runs', () => {
    expect(awaitedUpload(job({ status: 'running' }))).toBeUndefined();
  });

  test('does not exist after the file has arrived', () => {
    const answers = { file: { action: 'accept', content: {} } } as const;
    expect(awaitedUpload(job({ answers }))).toBeUndefined();
  });

  test('does not exist for a job that only asks questions', () => {
    expect(awaitedUpload(job({ inputRequests: { question: form } }))).toBeUndefined();
  });
});

test.each([
  [ID, true],
  [`${ID}0`, false],
  [`x${ID}`, false],
  [ID.toUpperCase(), false],
  [ID.replaceAll('-', ''), false],
  [ID.slice(0, -1), false],
  [ID.slice(1), false],
  ['', false],
])('whether %j is a job id: %s', (value, expected) => {
  expect(isJobId(value)).toBe(expected);
});

test('the id for an idempotency key is a UUID of version 8 and never changes', () => {
  const jobId = jobIdForKey('alice', 'build', 'key');
  expect(jobId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(jobId).toBe('7810d8bd-c9bd-893e-817f-b5297a28cdef');
});

test('the hash of an input ignores the order of properties, at every depth', () => {
  const hash = hashInput({ b: [{ d: 1, c: null }], a: 'x' });
  expect(hash).toBe(hashInput({ a: 'x', b: [{ c: null, d: 1 }] }));
  expect(hash).toBe('1c1451bc7341981acdfe67059dc05924072254c244446853f639e574855aac44');
});

test.each([
  [
    [1, 2],
    [2, 1],
  ],
  [{ a: 1 }, { a: 2 }],
  [{ a: [] }, { a: {} }],
  [null, {}],
  [{ a: { b: 1 } }, { a: { b: 2 } }],
])('the inputs %j and %j have different hashes', (one, other) => {
  expect(hashInput(one)).not.toBe(hashInput(other));
});

test('an execution has the name of its job, and with an idempotency key its creation time too', () => {
  const job = { jobId: ID, createdAt: '2026-01-01T00:00:00.000Z' };
  expect(executionName(job)).toBe(ID);
  expect(executionName({ ...job, idempotent: true })).toBe(`${ID}-1767225600000`);
  expect(leadingJobId(ID)).toBe(ID);
  expect(leadingJobId(`${ID}-1767225600000`)).toBe(ID);
  expect(leadingJobId('nightly')).toBeUndefined();
});
