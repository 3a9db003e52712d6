/** Tests the forms in which a model may answer, and that none of them approves anything by mistake. */
import fc from 'fast-check';
import * as z from 'zod';
import { exampleAnswers, exampleContent } from '../../../lambdas/jobs/input/example-answers.ts';
import { readAnswers } from '../../../lambdas/jobs/input/read-answers.ts';
import type { FormRequest, InputRequest, Job } from '../../../lambdas/jobs/job.ts';

const formOf = (shape: z.ZodRawShape): FormRequest => {
  const { $schema: _, ...schema } = z.toJSONSchema(z.object(shape), { io: 'input', target: 'draft-7' });
  return { step: 'ask', message: 'Ok?', schema: schema as FormRequest['schema'] };
};
const approve = formOf({ approve: z.boolean(), reason: z.string().optional() });
const limit = formOf({ limit: z.int().min(1), urgent: z.boolean().default(false) });
const page: InputRequest = { step: 'ask', message: 'Sign in.', url: 'https://example.com/' };
const file: InputRequest = { step: 'take', message: 'A file.', upload: { key: 'uploads/x', maxBytes: 5 } };

const jobOf = (inputRequests: Job['inputRequests'], more: Partial<Job> = {}) =>
  ({ status: 'input_required', inputRequests, ...more }) as Job;
const deploy = jobOf({ approve });
const accepted = (content: object) => ({ action: 'accept', content });

describe('one open question', () => {
  test.each([
    ['content', { approve: true }],
    ['content as JSON', '{"approve":true}'],
    ['content with null for what is optional', { approve: true, reason: null }],
    ['a boolean in a text', { approve: 'true' }],
    ['an answer', accepted({ approve: true })],
    ['an answer without an action', { content: { approve: true } }],
    ['an answer whose content is JSON', { action: 'accept', content: '{"approve":true}' }],
    ['an answer without a content object', { action: 'accept', approve: true }],
    ['an answer by its key', { approve: accepted({ approve: true }) }],
    ['content by its key', { approve: { approve: true } }],
    ['content as JSON by its key', { approve: '{"approve":true}' }],
    ['all of it as JSON', '{"approve":{"action":"accept","content":{"approve":true}}}'],
  ])('%s', (_what, given) => {
    expect(readAnswers(given, deploy)).toEqual({ approve: accepted({ approve: true }) });
  });

  test.each([
    [{ action: 'decline' }, { action: 'decline' }],
    [{ action: 'cancel', content: null }, { action: 'cancel' }],
    [{ approve: { action: 'decline', content: { approve: true } } }, { action: 'decline' }],
    [{ approve: false }, accepted({ approve: false })],
  ])('the refusal %j', (given, answer) => {
    expect(readAnswers(given, deploy)).toEqual({ approve: answer });
  });

  test('a number in a text, and the default of what is left out', () => {
    expect(readAnswers({ limit: '3', urgent: null }, jobOf({ budget: limit }))).toEqual({
      budget: accepted({ limit: 3, urgent: false }),
    });
  });

  test.each([
    [accepted({})],
    [{ action: 'accept' }],
    [{ page: accepted({}) }],
    [{ page: { action: 'accept' } }],
  ])('a visited page: %j', (given) => {
    expect(readAnswers(given, jobOf({ page }))).toEqual({ page: accepted({}) });
  });

  test('a field that is named like a property of an answer', () => {
    const form = formOf({ action: z.string() });
    expect(readAnswers({ action: 'accept' }, jobOf({ form }))).toEqual({
      form: accepted({ action: 'accept' }),
    });
  });

  test('a refusal stays one for a form with a field that is named action', () => {
    const form = formOf({ action: z.string() });
    expect(readAnswers({ form: { action: 'decline' } }, jobOf({ form }))).toEqual({
      form: { action: 'decline' },
    });
  });

  test.each([
    ...['yes', 'accept', 'approve', 'true', '', 'null', '{', '[]', true, 1, null, undefined, [], {}],
    ...[{ approved: true }, { yes: true }, { approve: true, force: true }, { action: 'approve' }],
    ...[
      { action: true, approve: true },
      { action: 'ACCEPT' },
      { content: {} },
      { content: true },
      { content: null },
    ],
    ...[{ approve: {} }, { approve: { content: null } }, { approve: { approved: true } }],
  ])('%j is refused with an example', (given) => {
    expect(() => readAnswers(given, deploy)).toThrow(
      ': this answers no open question. Ask the user, then follow this example: ' +
        '{"approve":{"action":"accept","content":{"approve":false}}}',
    );
  });

  test('a repeated answer does not answer the next question', () => {
    const next = jobOf(
      { first: approve, second: approve },
      { answers: { first: accepted({ approve: true }) } as never },
    );
    expect(() => readAnswers({ approve: true }, next)).toThrow('{"second":{');
    expect(readAnswers({ approve: false }, next)).toEqual({ second: accepted({ approve: false }) });
    expect(readAnswers({ second: { approve: true } }, next)).toEqual({ second: accepted({ approve: true }) });
  });
});

describe('several open questions', () => {
  const asking = jobOf({ approve, budget: limit });

  test('are answered by their keys, with or without an action', () => {
    const given = { approve: { approve: true }, budget: accepted({ limit: '3' }) };
    expect(readAnswers(given, asking)).toEqual({
      approve: accepted({ approve: true }),
      budget: accepted({ limit: 3, urgent: false }),
    });
    expect(readAnswers({ budget: { action: 'decline' } }, asking)).toEqual({ budget: { action: 'decline' } });
  });

  test.each([
    { approve: true },
    accepted({ approve: true }),
    { action: 'decline' },
    { approve: true, limit: 3 },
  ])('%j does not say which', (given) => {
    const read = () => readAnswers(given, asking);
    // A key that the job did not ask is left to the check of the keys.
    if ('approve' in given) expect(read).toThrow('{"approve":{');
    else expect(Object.values(read())).toEqual(Object.keys(given).map(() => ({ action: 'cancel' })));
  });
});

describe('no open question', () => {
  test('an ended job', () => {
    expect(() => readAnswers({ approve: true }, { ...deploy, status: 'completed' })).toThrow(
      'already ended as completed',
    );
  });

  test('a running job', () => {
    const running = jobOf(
      { approve },
      { status: 'running', answers: { approve: accepted({ approve: true }) } as never },
    );
    expect(() => readAnswers({ approve: true }, running)).toThrow(
      'The job is running and has no open question. Call check_job.',
    );
  });

  test('an upload is left to the check of the answers', () => {
    expect(readAnswers({ approve: true }, jobOf({ file }))).toEqual({ file: { action: 'cancel' } });
    expect(exampleAnswers([['file', file]])).toBeUndefined();
  });
});

test('an answer is accepted only with content that names a field of the form', () => {
  const word = fc.constantFrom(
    'approve',
    'reason',
    'action',
    'content',
    'accept',
    'yes',
    'true',
    'ok',
    'visit',
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.boolean(),
      word,
      fc.constant(null),
      fc.dictionary(word, tie('value')),
    ),
  }));
  fc.assert(
    fc.property(value, (given) => {
      let answers: ReturnType<typeof readAnswers>;
      try {
        answers = readAnswers(given, deploy);
      } catch {
        return;
      }
      for (const answer of Object.values(answers)) {
        if (answer.action !== 'accept') continue;
        const isApproved = answer.content.approve === true;
        expect(isApproved).toBe(isApproved && /"approve":(true|"true")/.test(JSON.stringify(given)));
      }
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ['a required field', { approve: z.boolean(), note: z.string().optional() }, { approve: false }],
  [
    'the first field when all are optional',
    { note: z.string().optional(), x: z.int().optional() },
    { note: 'text' },
  ],
  [
    'numbers within their limits',
    { a: z.int().min(5), b: z.number().max(-3), c: z.int() },
    { a: 5, b: -3, c: 1 },
  ],
  ['choices', { colour: z.enum(['red', 'blue']), only: z.literal('yes') }, { colour: 'blue', only: 'yes' }],
  [
    'texts',
    { name: z.string().min(6), mail: z.email(), day: z.iso.date(), at: z.iso.datetime(), page: z.url() },
    {},
  ],
])('an example has %s, and is valid', (_what, shape, expected) => {
  const form = formOf(shape);
  const content = exampleContent(form);
  expect(content).toMatchObject(expected);
  expect(z.fromJSONSchema(form.schema).safeParse(content)).toMatchObject({ success: true });
});
