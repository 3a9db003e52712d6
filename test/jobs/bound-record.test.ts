/** Tests the bounds of what steps, sandboxes and APIs put on a job's record. */
import { boundError, boundRecord, MAX_DETAILS_BYTES } from '../../lambdas/jobs/bound-record.ts';
import { toItem } from '../../lambdas/jobs/job-item.ts';

const HOSTILE = 'a\u001b[31mb\u0007c\u202ed\u0000';
const error = { code: 'FAILED', message: 'It failed.', retryable: false };
const jsonBytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

test('what is small and clean stays as it is', () => {
  const attributes = {
    message: 'Half way.',
    step: 'compile',
    logTail: ['one', 'two'],
    error: { ...error, step: 'compile', details: { exit_code: 3, script: 'build', fatal: true } },
    progress: 0.5,
  };
  expect(boundRecord(attributes)).toStrictEqual(attributes);
});

test('texts of strangers are cleaned, wherever they are', () => {
  const details = { [HOSTILE]: HOSTILE };
  const attributes = {
    message: HOSTILE,
    step: HOSTILE,
    logTail: [HOSTILE],
    error: { ...error, message: HOSTILE, details },
  };
  expect(boundRecord(attributes)).toStrictEqual({
    message: 'abcd',
    step: 'abcd',
    logTail: ['abcd'],
    error: { ...error, message: 'abcd', details: { abcd: 'abcd' } },
  });
});

test('a subject is one clean line of 256 characters', () => {
  const bound = (value: string) => boundRecord({ subject: { name: 'project', value } }).subject;
  expect(bound(`${HOSTILE}\r\n\t x `)).toEqual({ name: 'project', value: 'abcd x' });
  expect(bound('x'.repeat(300_000))?.value).toHaveLength(256);
});

test('a message has 1,000 characters, a log 20 lines of 200, a name 128', () => {
  const { message, step, logTail } = boundRecord({
    message: 'm'.repeat(300_000),
    step: 's'.repeat(300_000),
    logTail: Array.from({ length: 5_000 }, (_, line) => `${line} ${'x'.repeat(1_000)}`),
  });
  expect([message?.length, step?.length, logTail?.length]).toEqual([1_000, 128, 20]);
  expect(logTail?.[0]).toMatch(/^4980 x{194}…$/);
});

test.each<[string, Record<string, string | number | boolean>]>([
  ['one long text', { text: 'x'.repeat(262_085) }],
  ['a text of quotes', { text: '"'.repeat(100_000) }],
  ['a text of wide characters', { text: '世'.repeat(100_000) }],
  ['many texts', Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`key_${i}`, 'x'.repeat(50)]))],
  ['many numbers', Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`key_${i}`, i]))],
  ['a long name', { ['n'.repeat(100_000)]: 1 }],
])('details with %s take at most 8 KiB, and keep what fits', (_what, details) => {
  const bound = boundError({ ...error, details });
  expect(jsonBytes(bound.details)).toBeLessThanOrEqual(MAX_DETAILS_BYTES);
  expect(Object.keys(bound.details ?? {}).length).toBeGreaterThan(0);
  expect(boundError(bound)).toStrictEqual(bound);
});

test('a value that JSON cannot hold does no harm', () => {
  const details = { nothing: undefined, object: { deep: 'x'.repeat(10_000) }, big: Number.NaN };
  expect(boundError({ ...error, details: details as never }).details).toEqual({ big: 'NaN' });
});

test('numbers that DynamoDB cannot store become texts', () => {
  const details = {
    big: 2 ** 60,
    tiny: 1e-200,
    endless: -Infinity,
    whole: 10n as never,
    exit_code: -3,
    none: 0,
  };
  const { details: bound } = boundError({ ...error, details });
  expect(bound).toEqual({
    big: '1152921504606847000',
    tiny: '1e-200',
    endless: '-Infinity',
    whole: '10',
    exit_code: -3,
    none: 0,
  });
  expect(() => toItem({ error: { details: bound } })).not.toThrow();
});
