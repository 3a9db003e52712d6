import * as z from 'zod';
import { longestRunMs } from '../../lambdas/definition/operation-definition.ts';
import { stateMachineOperation } from '../../lambdas/definition/state-machine-operation.ts';

const ARN = 'arn:aws:states:eu-west-1:111122223333:stateMachine:nightly-report';

const good = {
  name: 'nightly_report',
  title: 'Nightly report',
  description: 'Makes the report.',
  input: z.object({ day: z.string() }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
} as const;

test('a Standard machine is a job, an Express one answers; each with its default times', () => {
  const standard = stateMachineOperation({ ...good, stateMachineArn: ARN });
  expect(standard).toMatchObject({
    execution: { mode: 'job', maxWaitMs: 30_000 },
    stateMachine: { arnOrName: ARN },
  });
  expect(longestRunMs(standard)).toBe(30 * 86_400_000);
  const express = stateMachineOperation({ ...good, type: 'EXPRESS', stateMachineName: 'nightly-report' });
  expect(express).toMatchObject({
    execution: { mode: 'sync', limitMs: 30_000 },
    stateMachine: { arnOrName: 'nightly-report' },
  });
});

test('its machine may be left to the operator', () => {
  expect(stateMachineOperation(good).stateMachine.arnOrName).toBeUndefined();
});

test.each<[string, object, RegExp]>([
  ['a name in another case', { name: 'nightlyReport' }, /"nightlyReport" is invalid\. Use snake_case/],
  ['an argument of every start tool', { input: z.object({ wait_seconds: z.number() }) }, /"wait_seconds"/],
  ['a wait of two minutes', { maxWaitMs: 120_000 }, /maxWaitMs 120000/],
  ['an Express limit of two minutes', { type: 'EXPRESS', limitMs: 120_000 }, /limitMs 120000/],
  ['a run of two years', { longestRunMs: 2 * 365 * 86_400_000 }, /longestRunMs 63072000000/],
  ['an ARN and a name', { stateMachineArn: ARN, stateMachineName: 'x' }, /Set only one of them/],
  [
    'a name as an ARN',
    { stateMachineArn: 'nightly' },
    /"nightly"\. Set an ARN, or set the name as stateMachineName/,
  ],
  ['a name with a space', { stateMachineName: 'nightly report' }, /"nightly report"\. Give the ARN/],
  [
    'an alias',
    { stateMachineArn: `${ARN}:live` },
    /:live"\. Give the ARN of a state machine without a version or an alias/,
  ],
  ['a version', { stateMachineArn: `${ARN}:3` }, /without a version or an alias/],
  [
    'the ARN of an execution',
    { stateMachineArn: ARN.replace('stateMachine', 'execution') },
    /Give the ARN of/,
  ],
  [
    'the ARN of something else',
    { stateMachineArn: 'arn:aws:lambda:eu-west-1:111122223333:function:x' },
    /Give the ARN/,
  ],
  [
    'a list as the answer to a call',
    { type: 'EXPRESS', output: z.array(z.string()) },
    /output that is not an object/,
  ],
])('%s is refused, naming it', (_what, overrides, message) => {
  expect(() => stateMachineOperation({ ...good, ...overrides })).toThrow(message);
});
