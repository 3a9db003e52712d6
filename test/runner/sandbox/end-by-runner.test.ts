/** Tests how a runner is asked to end an attempt. */
import type { EndEvent } from '../../../lambdas/runner/sandbox/end-attempt.ts';
import { endByRunner } from '../../../lambdas/runner/sandbox/end-by-runner.ts';

const event = { end: { state: { step: 'compile' }, log: 'x', ending: { result: 'large' }, atMs: 5 } };

/** @returns the end, and the events that Lambda got */
async function end(...responses: readonly Response[]) {
  const queue = [...responses];
  const events: unknown[] = [];
  const lambda = async (_path: string, { body }: RequestInit) => {
    events.push(JSON.parse(String(body)));
    return queue.shift() ?? Response.error();
  };
  return { end: await endByRunner(lambda)('arn:runner', event as unknown as EndEvent), events };
}

test('the outcome of the runner is that of the attempt', async () => {
  const failed = { headers: { 'x-amz-function-error': 'Unhandled' } };
  expect((await end(new Response('{"a":1}'))).end).toEqual({ output: '{"a":1}' });
  const thrown = '{"errorType":"StepEnded"}';
  expect((await end(new Response(thrown, failed))).end).toEqual({ error: 'StepEnded', cause: thrown });
});

test('a failure of the runner or of Lambda can be repeated', async () => {
  const failed = { headers: { 'x-amz-function-error': 'Unhandled' } };
  expect((await end(new Response('{"errorType":"StepInterrupted"}', failed))).end).toEqual({
    unavailable: 'StepInterrupted',
  });
  expect((await end(new Response('slow down', { status: 429 }))).end).toEqual({
    unavailable: 'Lambda responded with 429: slow down',
  });
});

test('a report that is too large for Lambda ends the attempt as an invalid one', async () => {
  const large = new Response('', { status: 413 });
  const { end: ended, events } = await end(large, new Response('null'));
  expect(ended).toEqual({ output: 'null' });
  expect(events).toEqual([
    event,
    { end: { state: { step: 'compile' }, ending: { invalid: true }, atMs: 5 } },
  ]);
});
