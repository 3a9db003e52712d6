/** Tests external state machines in the template: their grants, and errors before a deploy. */
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as z from 'zod';
import { stateMachineOperation } from '../../../lambdas/definition/state-machine-operation.ts';
import { AsyncOperationsStack } from '../../../lib/async-operations-stack.ts';
import type { Catalogue } from '../../../lib/catalogue.ts';
import {
  externalStateMachineArn,
  readStateMachines,
} from '../../../lib/operations/external-state-machines.ts';

const ENV = { account: '111122223333', region: 'eu-west-1' };
const ARN = 'arn:aws:states:eu-west-1:111122223333:stateMachine:nightly';

function operation(place: { stateMachineArn?: string; stateMachineName?: string } = {}, name = 'report') {
  return stateMachineOperation({
    name,
    title: 'Report',
    description: 'Makes the report.',
    input: z.object({}),
    annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    ...place,
  });
}

const stackIn = (env?: typeof ENV) => new Stack(new App(), 'Stack', { env });

test('a name is one in the account and the region of the stack', () => {
  expect(
    externalStateMachineArn(stackIn(ENV), operation({ stateMachineName: 'nightly' }), undefined),
  ).toMatch(/^arn:.*:states:eu-west-1:111122223333:stateMachine:nightly$/);
});

test('what is mapped at deploy comes before what the definition says', () => {
  const definition = operation({ stateMachineName: 'nightly' });
  expect(externalStateMachineArn(stackIn(), definition, ARN)).toBe(ARN);
});

test.each<[string, Parameters<typeof operation>[0], RegExp]>([
  [
    'another region',
    { stateMachineArn: ARN.replace('eu-west-1', 'us-east-1') },
    /"report" has a state machine in the region us-east-1, and the stack is in eu-west-1: deploy the stack there/,
  ],
  ['another account', { stateMachineArn: ARN.replace('1111', '9999') }, /the account 999922223333/],
  ['no machine', {}, /"report" has no state machine.*-c stateMachines=report=arn:aws:states/],
])('%s is refused, with the remedy', (_what, place, message) => {
  expect(() => externalStateMachineArn(stackIn(ENV), operation(place), undefined)).toThrow(message);
});

test('where the stack is to be is not known, no region is another', () => {
  expect(externalStateMachineArn(stackIn(), operation({ stateMachineArn: ARN }), undefined)).toBe(ARN);
});

describe('the key stateMachines of the context', () => {
  const read = (stateMachines?: string) =>
    readStateMachines(new App({ context: { stateMachines } }).node, [operation(), operation({}, 'digest')]);

  test('maps operations to ARNs and names', async () => {
    expect(await read()).toEqual({});
    expect(await read(`report=${ARN}, digest=weekly=digest`)).toEqual({
      report: ARN,
      digest: 'weekly=digest',
    });
  });

  test.each([
    ['reprot=nightly', /stateMachines: "reprot=nightly" names no operation .* Use one of: report, digest\./],
    ['nightly', /Give pairs, separated by commas: -c stateMachines=report=arn:aws:states/],
    ['report=', /stateMachines: operation "report" has the state machine ""\. Give the ARN/],
    [`report=${ARN}:live`, /without a version or an alias/],
  ])('%s is refused, with the remedy', async (value, message) => {
    await expect(read(value)).rejects.toThrow(message);
  });
});

describe('a stack with such machines alone', () => {
  const template = (operations: Catalogue['operations']) => {
    // Templates are looked at here, not bundles.
    const app = new App({ context: { 'aws:cdk:bundling-stacks': [] } });
    return Template.fromStack(
      new AsyncOperationsStack(app, 'Stack', { env: ENV, operations: { operations, module: 'index.ts' } }),
    );
  };
  const standard = template([
    operation({ stateMachineArn: ARN }),
    operation({ stateMachineArn: ARN }, 'same_again'),
  ]);

  test('makes and changes none, and hears of each once', () => {
    standard.resourceCountIs('AWS::StepFunctions::StateMachine', 0);
    standard.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        detail: { stateMachineArn: [ARN] },
      },
    });
  });

  test.each([
    [
      'McpFunction',
      ['StartExecution', 'StopExecution', 'GetExecutionHistory', 'DescribeStateMachineForExecution'],
    ],
    [
      'ManagementFunction',
      ['StartExecution', 'StopExecution', 'GetExecutionHistory', 'DescribeStateMachineForExecution'],
    ],
    [
      'ReconcilerFunction',
      [
        'StartExecution',
        'ListExecutions',
        'DescribeExecution',
        'StopExecution',
        'GetExecutionHistory',
        'DescribeStateMachineForExecution',
      ],
    ],
    ['ExecutionQueueFunction', ['StartExecution', 'StopExecution']],
    [
      'ExecutionRecorderFunction',
      ['DescribeExecution', 'StopExecution', 'GetExecutionHistory', 'DescribeStateMachineForExecution'],
    ],
  ])('%s may do with it what it needs, and with no other', (role, actions) => {
    const policies = Object.entries(standard.findResources('AWS::IAM::Policy'));
    const [, policy] = policies.find(([id]) => id.startsWith(role)) ?? [];
    const statements: { Action: string | string[]; Resource: unknown }[] =
      policy?.Properties.PolicyDocument.Statement ?? [];
    const onStates = statements.filter(({ Action }) =>
      [Action].flat().some((one) => one.startsWith('states:')),
    );
    const granted = onStates.flatMap(({ Action }) => Action);
    expect([...new Set(granted)]).toEqual(actions.map((action) => `states:${action}`));
    for (const { Resource } of onStates) {
      expect(JSON.stringify(Resource)).toMatch(
        /:states:eu-west-1:111122223333:(stateMachine:(nightly"|Stack-[0-9a-f]{8}-\*)|execution:(nightly:|Stack-[0-9a-f]{8}-\*:)\*)/,
      );
    }
  });

  test('an Express one is run and nothing else: there is nothing to hear', () => {
    const express = template([
      { ...operation({ stateMachineArn: ARN }), execution: { mode: 'sync', limitMs: 1_000 } },
    ]);
    expect(JSON.stringify(express.findResources('AWS::Events::Rule'))).not.toContain(ARN);
    express.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([{ Action: 'states:StartSyncExecution', Effect: 'Allow', Resource: ARN }]),
      },
    });
    const policies = JSON.stringify(express.findResources('AWS::IAM::Policy'));
    expect(policies.split(ARN)).toHaveLength(2);
  });
});
