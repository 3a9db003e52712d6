/** Tests the shape of answers, which MCP and the HTTP API share. */
import * as z from 'zod';
import { answerSchema, answersSchema } from '../../../lambdas/jobs/input/answer-schema.ts';

test('an accepted answer without content has an empty one', () => {
  expect(answerSchema.parse({ action: 'accept' })).toEqual({ action: 'accept', content: {} });
});

test.each([{ action: 'accept', content: { yes: true } }, { action: 'decline' }, { action: 'cancel' }])(
  '%j is an answer',
  (answer) => {
    expect(answersSchema.parse({ key: answer })).toEqual({ key: answer });
  },
);

test.each([
  { action: 'other' },
  { action: 'accept', extra: 1 },
  { action: 'decline', content: {} },
  { action: 'cancel', content: {} },
  { content: {} },
  { action: 'accept', content: [] },
])('%j is no answer', (answer) => {
  expect(answerSchema.safeParse(answer).success).toBe(false);
});

test('a key has at most 64 characters', () => {
  const of = (length: number) => answersSchema.safeParse({ ['k'.repeat(length)]: { action: 'decline' } });
  expect([of(64).success, of(65).success]).toEqual([true, false]);
});

test('at least one question is answered', () => {
  expect(answersSchema.safeParse({}).error?.issues[0]?.message).toBe(
    'answer at least one question of input_requests.',
  );
});

test('the schema describes itself to a model', () => {
  const schema = z.toJSONSchema(answersSchema, { io: 'input' });
  expect(schema).toMatchObject({
    description:
      'Answers by the keys of input_requests: `accept` with content that matches the schema (without content for a url that the user opened), `decline` to refuse, or `cancel`.',
    propertyNames: { description: 'The key of the question in input_requests.' },
  });
  expect(JSON.stringify(schema)).toContain(
    "The data that the question's schema describes. Leave it out for a url question.",
  );
});
