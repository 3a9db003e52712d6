/** Tests the limits of an external state machine at their edges, and the whole text of each error. */
import * as z from 'zod';
import {
  parseStateMachineArn,
  stateMachineOperation,
  validateStateMachine,
} from '../../lambdas/definition/state-machine-operation.ts';

const ARN = 'arn:aws:states:eu-west-1:111122223333:stateMachine:report';
const YEAR_MS = 31_536_000_000;
const good = {
  name: 'report',
  title: 'Report',
  description: 'Creates the report.',
  input: z.object({}),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
} as const;
const define = (changes: object) => () => stateMachineOperation({ ...good, ...changes });

test.each<[string, () => unknown]>([
  ['a run of a second', define({ longestRunMs: 1_000 })],
  ['a run of a year', define({ longestRunMs: YEAR_MS })],
  ['an Express output that is an object', define({ type: 'EXPRESS', output: z.object({}) })],
  ['an Express machine without an output', define({ type: 'EXPRESS' })],
  ['a Standard output that is a list', define({ output: z.array(z.string()) })],
  ['an ARN', define({ stateMachineArn: ARN })],
  ['a name of 80 characters', define({ stateMachineName: 'n'.repeat(80) })],
])('%s is valid', (_what, valid) => {
  expect(valid).not.toThrow();
});

const REMEDY =
  'Give the ARN of a state machine without a version or an alias, such as arn:aws:states:eu-west-1:111122223333:stateMachine:report, or its name, such as report.';

const invalid: readonly [() => unknown, string][] = [
  [
    define({ stateMachineArn: ARN, stateMachineName: 'report' }),
    'Operation "report" has stateMachineArn and stateMachineName. Set only one of them.',
  ],
  [
    define({ stateMachineArn: 'report' }),
    'Operation "report" has stateMachineArn "report". Set an ARN, or set the name as stateMachineName.',
  ],
  [define({ stateMachineName: 'a b' }), `Operation "report" has the state machine "a b". ${REMEDY}`],
  [
    define({ type: 'EXPRESS', output: z.string() }),
    'Operation "report" is EXPRESS and has an output that is not an object. Use z.object, or leave the output out.',
  ],
  [define({ longestRunMs: 999 }), `Operation "report" has longestRunMs 999. Set 1,000 to ${YEAR_MS}.`],
  [
    define({ longestRunMs: YEAR_MS + 1 }),
    `Operation "report" has longestRunMs ${YEAR_MS + 1}. Set 1,000 to ${YEAR_MS}.`,
  ],
];

test.each(invalid.map(([defines, message]) => [message, defines] as const))(
  'throws: %s',
  (message, defines) => {
    expect(defines).toThrow(new Error(message));
  },
);

test.each([ARN, 'report', "a+!@.()='-_Z9"])('the state machine %s is valid', (arnOrName) => {
  expect(() => validateStateMachine('It', arnOrName)).not.toThrow();
});

test.each(['', ' report', 'report ', 'a/b', 'n'.repeat(81), `${ARN}:1`, `x${ARN}`, 'arn:report'])(
  'the state machine %j is refused',
  (arnOrName) => {
    expect(() => validateStateMachine('It', arnOrName)).toThrow(
      new Error(`It has the state machine "${arnOrName}". ${REMEDY}`),
    );
  },
);

test('an ARN has a region and an account', () => {
  expect(parseStateMachineArn(ARN)).toEqual({ region: 'eu-west-1', account: '111122223333' });
  expect(parseStateMachineArn(ARN.replace('aws', 'aws-us-gov'))).toEqual({
    region: 'eu-west-1',
    account: '111122223333',
  });
});

test.each([
  '',
  ` ${ARN}`,
  `${ARN}:live`,
  ARN.replace('111122223333', '11112222333'),
  ARN.replace('states', 'lambda'),
  ARN.replace('aws', 'AWS'),
  ARN.replace('eu-west-1', ''),
  ARN.replace('report', ''),
])('%j is no ARN of a state machine', (text) => {
  expect(parseStateMachineArn(text)).toBeUndefined();
});
