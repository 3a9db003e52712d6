/** How often, and for how long, a step may have APIs called. */
import type { NextCall } from '../../lambdas/definition/api-call.ts';
import { CallRequired, createApis } from '../../lambdas/runner/api-calls.ts';

const request = { connection: 'crm', method: 'GET', path: '/x', query: {}, hasBody: false };
const wanted = { request, seconds: 5, message: 'Calls crm.', memory: null };
const definition = { timeoutMs: 1_000, calls: { max: 2, periodMs: 60_000 } };

function callAfter(before?: Partial<NextCall>): unknown {
  const next = before && { ...wanted, state: 'step_crm', count: 1, since: Date.now(), ...before };
  try {
    return createApis('step', definition, { next }).call(wanted);
  } catch (thrown) {
    return thrown instanceof CallRequired ? thrown.next : thrown;
  }
}

test('the first goes on to the state of its API, and begins to count', () => {
  expect(callAfter()).toMatchObject({ ...wanted, state: 'step_crm_wait', count: 1 });
});

test('the second is counted from the first', () => {
  const since = Date.now() - 50_000;
  expect(callAfter({ since })).toMatchObject({ count: 2, since });
});

test.each([
  ['one more than there may be', { count: 2 }],
  ['one that would come too late', { since: Date.now() - 56_000 }],
])('%s ends the step', (_case, before) => {
  expect(callAfter(before)).toMatchObject({
    code: 'STEP_TIMED_OUT',
    message: expect.stringMatching(/called crm \d times without an end; the limit is 2 calls in 1 minutes/),
  });
});

test('a step without calls has none made', () => {
  expect(() => createApis('step', { timeoutMs: 1_000 }, undefined).call(wanted)).toThrow(/has no calls/);
});
