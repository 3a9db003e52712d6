/** Reads the operations that this deployment has, out of the catalogue that is in the bundle. */
import { operations as all } from '#catalogue';
import type { OperationDefinition } from './operation-definition.ts';

/** Their names; each bundle has them in its text. */
declare const DEPLOYED_OPERATIONS: readonly string[];

export const operations: readonly OperationDefinition[] = all.filter(({ name }) =>
  DEPLOYED_OPERATIONS.includes(name),
);
