/** The operations of the drill: three samples, and operations of the tests that fail, wait and ask as they are told. */
import type { OperationDefinition } from '../../lambdas/definition/operation-definition.ts';
import { build } from '../../lambdas/operations/build/operation.ts';
import { readFile } from '../../lambdas/operations/read-file/operation.ts';
import { search } from '../../lambdas/operations/search/operation.ts';
import { ask } from '../fixtures/catalogue/ask/operation.ts';
import { echo } from '../fixtures/catalogue/echo/operation.ts';
import { fourSteps } from '../fixtures/catalogue/four-steps/operation.ts';
import { probe } from '../fixtures/catalogue/probe/operation.ts';

export const operations: readonly OperationDefinition[] = [
  build,
  readFile,
  search,
  ofTests(ask, 'ask'),
  ofTests(echo, 'echo'),
  ofTests(fourSteps, 'four-steps'),
  ofTests(probe, 'probe'),
];

/** The operations of the tests have their handlers in a folder of another catalogue. */
function ofTests(definition: OperationDefinition, folder: string): OperationDefinition {
  return {
    ...definition,
    handler: new URL(`../fixtures/catalogue/${folder}/steps.lambda.ts`, import.meta.url),
  };
}
