/** Invokes a function with a batch of records, for as long as its answer is of use. */
import { once } from 'node:events';
import type { LambdaFunction } from '../functions.ts';

/** @returns the answer as JSON text. @throws FunctionError, and AbortError when the batch is abandoned */
export async function invokeRecords(
  target: LambdaFunction,
  Records: readonly object[],
  abandoned: AbortSignal,
): Promise<string> {
  const settled = new AbortController();
  const end = once(abandoned, 'abort', { signal: settled.signal }).catch(() => {});
  try {
    const answer = await Promise.race([target.invoke(JSON.stringify({ Records })), end]);
    return String(answer);
  } finally {
    settled.abort();
    abandoned.throwIfAborted();
  }
}
