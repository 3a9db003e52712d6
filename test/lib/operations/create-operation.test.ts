/** What clients could not be told of an operation is refused before it is deployed. */
import { App, Stack } from 'aws-cdk-lib';
import * as z from 'zod';
import { defineOperation } from '../../../lambdas/definition/define-operation.ts';
import { stateMachineOperation } from '../../../lambdas/definition/state-machine-operation.ts';
import { createOperation } from '../../../lib/operations/create-operation.ts';

const define = (schemas: { input?: z.ZodObject; output?: z.ZodObject }) =>
  defineOperation({
    name: 'remind',
    title: 'Remind',
    description: 'Reminds.',
    input: z.object({}),
    output: z.object({}),
    annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    execution: { mode: 'sync', limitMs: 1_000 },
    steps: { wait: { timeoutMs: 1_000 } },
    ...schemas,
  });

test.each([
  ['input', { input: z.object({ at: z.date() }) }],
  ['output', { output: z.object({ at: z.bigint() }) }],
])('an %s that has no JSON Schema', (field, schemas) => {
  const make = () =>
    createOperation(new Stack(new App(), 'Stack'), {
      definition: define(schemas),
      stateMachines: {},
    } as never);
  expect(make).toThrow(new RegExp(`^Operation "remind", ${field}: .* Clients need a JSON Schema`));
});

test('function options of an external state machine are refused', () => {
  const { title, description, input, annotations } = define({});
  const definition = stateMachineOperation({ name: 'remind', title, description, input, annotations });
  const create = () =>
    createOperation(new Stack(new App(), 'Stack'), {
      definition,
      options: { memoryMb: 512 },
      stateMachines: {},
    } as never);
  expect(create).toThrow(/^Operation "remind" .*state machine.* remove functions\.remind\.$/);
});
