/** Lists the samples and `hold`. */
import type { OperationDefinition } from 'mcp-async-operations/operation';
import { operations as samples } from '../../../../lambdas/operations/index.ts';
import { hold } from './hold/operation.ts';

export const operations: readonly OperationDefinition[] = [...samples, hold];
