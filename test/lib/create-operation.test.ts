/** What clients could not be told of an operation is refused before it is deployed. */
import { App, Stack } from 'aws-cdk-lib';
import * as z from 'zod';
import { defineOperation } from '../../lambdas/definition/define-operation.ts';
import { createOperation } from '../../lib/operations/create-operation.ts';

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
  expect(make).toThrow(new RegExp(`^Operation "remind", ${field}: .* Clients need it as JSON Schema`));
});
