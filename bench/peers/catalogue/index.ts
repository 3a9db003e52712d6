/** Lists the operation of the comparison with peers. */
import type { OperationDefinition } from '../../../lambdas/definition/operation-definition.ts';
import { work } from './work/operation.ts';

export const operations: readonly OperationDefinition[] = [work];
