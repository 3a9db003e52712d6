/** Selects the operations of this deployment from the catalogue in the bundle. */
import { operations as all } from '#catalogue';
import { deployedNames } from './deployed-names.ts';
import type { OperationDefinition } from './operation-definition.ts';

export const operations: readonly OperationDefinition[] = all.filter(({ name }) => deployedNames.has(name));
