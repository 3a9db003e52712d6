/** What the suite's fixture tools have in common. */
import type { OperationDefinition } from '../../lambdas/definition/operation-definition.ts';

export const HARMLESS: OperationDefinition['annotations'] = {
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
};

/** A tool of this name, whose steps hand over at once to a job. */
export const BECOMES_A_JOB: OperationDefinition['execution'] = {
  mode: 'sync_first',
  limitMs: 5_000,
  maxWaitMs: 30_000,
};
