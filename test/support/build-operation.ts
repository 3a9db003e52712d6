/** Defines an operation of three steps without work, for tests of what the steps have printed. */
import * as z from 'zod';
import { defineOperation } from '../../lambdas/definition/define-operation.ts';

export const buildOperation = defineOperation({
  name: 'build',
  description: 'Builds.',
  input: z.object({}),
  output: z.object({}),
  steps: { install: {}, compile: {}, test: {} },
});
