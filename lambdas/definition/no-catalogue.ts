/** Provides an empty catalogue for type checks of the engine. Each bundle replaces it with the app's catalogue (`#catalogue`). */
import type { OperationDefinition } from './operation-definition.ts';

export const operations: readonly OperationDefinition[] = [];
