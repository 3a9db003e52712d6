/** Presents results with the methods of a definition: as text, content and files. */
import { log } from '../shared/observability/log.ts';
import type { OperationDefinition, ResultContent, ResultFile } from './operation-definition.ts';

/** What the methods of a definition return for a result; empty for those that it lacks. */
export interface PresentedResult {
  readonly text?: string;
  readonly content?: readonly ResultContent[];
  readonly files?: readonly ResultFile[];
}

/**
 * Calls one method of the definition. A result of an earlier deploy may not fit the present definition; the method then fails,
 * and the result is presented without it.
 * @param operation undefined when the catalogue no longer contains it
 */
export function presentResult<Part extends keyof PresentedResult>(
  operation: OperationDefinition | undefined,
  part: Part,
  result: unknown,
): PresentedResult[Part] {
  try {
    return operation?.[part]?.(result as never) as PresentedResult[Part];
  } catch (error) {
    log.warn('A result does not fit its definition', { operation: operation?.name, part, error });
    return undefined;
  }
}
