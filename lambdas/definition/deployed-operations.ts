/** Selects the operations of this deployment from the catalogue in the bundle. */
import { operations as all } from '#catalogue';
import type { OperationDefinition } from './operation-definition.ts';

/** Names of the deployed operations; the bundler inserts them. */
declare const DEPLOYED_OPERATIONS: readonly string[];

export const operations: readonly OperationDefinition[] = all.filter(({ name }) =>
  DEPLOYED_OPERATIONS.includes(name),
);
