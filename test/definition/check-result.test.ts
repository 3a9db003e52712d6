/** Tests which results and which outcomes of a call are valid. */
import * as z from 'zod';
import { callResult } from '../../lambdas/definition/call-protocol.ts';
import { checkResult } from '../../lambdas/definition/check-result.ts';

test('a result is what its schema parses', () => {
  const output = z.object({ lines: z.number().default(3) });
  expect(checkResult({ name: 'report', output }, {})).toEqual({ lines: 3 });
});

test('a result without a schema is unchanged', () => {
  expect(checkResult({ name: 'report' }, { any: 1 })).toEqual({ any: 1 });
});

test('a result loses halves of characters, with a schema or without', () => {
  const result = { name: 'half \ud83d', list: ['\ude00 😀'] };
  for (const output of [undefined, z.looseObject({ name: z.string() })]) {
    expect(checkResult({ name: 'report', output }, result)).toEqual({
      name: 'half \ufffd',
      list: ['\ufffd 😀'],
    });
  }
});

test('a result that does not match is an error with its cause', () => {
  const check = () => checkResult({ name: 'report', output: z.string() }, 1);
  expect(check).toThrow('The result of report does not match its output schema.');
  expect(check).toThrow(expect.objectContaining({ code: 'RESULT_INVALID', cause: expect.any(z.ZodError) }));
});

const error = { code: 'NO_PRICE', message: 'No price.', retryable: false };
const answers = { ok: { action: 'decline' } };

test.each([
  { result: { any: 1 } },
  { handedOver: null, answers },
  { asked: { ok: { message: 'Ok?' } }, answers: {} },
  { error },
  { error: { ...error, details: { text: 'x', number: 1, flag: true } } },
  { error: { ...error, code: 'C'.repeat(64) } },
])('%j is the outcome of a call', (outcome) => {
  expect(callResult.parse(outcome)).toEqual(outcome);
});

test.each([
  {},
  { result: 1, other: 2 },
  { handedOver: 1 },
  { asked: {} },
  { handedOver: 1, answers: { ok: { action: 'other' } } },
  { error: {} },
  { error: { ...error, code: 'lower' } },
  { error: { ...error, code: 'C'.repeat(65) } },
  { error: { ...error, message: 1 } },
  { error: { ...error, other: 1 } },
  { error: { ...error, details: { list: [] } } },
])('%j is no outcome of a call', (outcome) => {
  expect(callResult.safeParse(outcome).success).toBe(false);
});
