/** Tests the schema of a question: answers are validated by it, and every client compiles it. */
import * as z from 'zod';
import { createRequestInput, InputRequired } from '../../lambdas/runner/request-input.ts';

function schemaOf(schema: z.ZodObject) {
  const requestInput = createRequestInput('ask', { inputTimeoutMs: 1_000 } as never, {});
  try {
    requestInput({ form: { message: 'What?', schema } });
  } catch (error) {
    if (error instanceof InputRequired) return Object(error.questions.form).schema;
    throw error;
  }
}

test('it keeps what an answer must satisfy', () => {
  const form = z.object({ reason: z.string().min(1).max(9), code: z.string().regex(/^[a-z]+$/) });
  expect(schemaOf(form).properties).toEqual({
    reason: { type: 'string', minLength: 1, maxLength: 9 },
    code: { type: 'string', pattern: '^[a-z]+$' },
  });
});

test('a format has no pattern, and is validated all the same', () => {
  const schema = schemaOf(z.object({ host: z.hostname(), day: z.iso.date() }));
  expect(schema.properties).toEqual({
    host: { type: 'string', format: 'hostname' },
    day: { type: 'string', format: 'date' },
  });
  expect(z.fromJSONSchema(schema).safeParse({ host: '-', day: '2026-13-01' }).error?.issues).toHaveLength(2);
});

test('a pattern that not every client compiles is an error with the field and the remedy', () => {
  const form = z.object({ name: z.string().regex(/^(?!-)\w+$/) });
  expect(() => schemaOf(form)).toThrow(/field name with a pattern .*a lookaround.*Use a simpler pattern/);
});
