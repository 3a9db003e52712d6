/** Stands for the catalogue of an app where the compiler checks the engine; each bundle has the app's own (`#catalogue`). */
import type { OperationDefinition } from './operation-definition.ts';

export const operations: readonly OperationDefinition[] = [];
