/** What clients could not be told of an operation is refused before it is deployed. */
import { App, Stack } from 'aws-cdk-lib';
import * as z from 'zod';
import { defineOperation } from '../../../lambdas/definition/define-operation.ts';
import { stateMachineOperation } from '../../../lambdas/definition/state-machine-operation.ts';
import { createOperation } from '../../../lib/operations/create-operation.ts';

const folder = z.object({
  get folders(): z.ZodArray<z.ZodType> {
    return z.array(folder);
  },
});

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

test.each([
  [
    'a lookahead in the input',
    { input: z.object({ name: z.string().regex(/^(?!x)y/) }) },
    /^Operation "remind", input\.name has the pattern \^\(\?!x\)y with a lookaround, .* Write it without, or describe it/,
  ],
  [
    'a backreference in the output',
    { output: z.object({ name: z.string().regex(/(x)\1/) }) },
    /^Operation "remind", output\.name has the pattern .* with a backreference/,
  ],
  [
    'a recursive input',
    { input: z.object({ all: folder }) },
    /^Operation "remind", input\.all\.folders is recursive/,
  ],
])('%s warns at synthesis, with the remedy', (_what, schemas, message) => {
  const stack = new Stack(new App(), 'Stack');
  // It needs more than its definition, after the check.
  expect(() => createOperation(stack, { definition: define(schemas), stateMachines: {} } as never)).toThrow();
  const warnings = stack.node.metadata.filter(({ type }) => type === 'aws:cdk:warning');
  expect(warnings).toMatchObject([{ data: expect.stringMatching(message) }]);
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
