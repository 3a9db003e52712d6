/** Invokes a function with a batch of records, until the batch is abandoned. */
import { once } from 'node:events';
import type { LambdaFunction } from '../functions.ts';

/** @returns the result as JSON text. @throws FunctionError, and AbortError when the batch is abandoned */
export async function invokeRecords(
  target: LambdaFunction,
  Records: readonly object[],
  abandoned: AbortSignal,
): Promise<string> {
  const settled = new AbortController();
  const end = once(abandoned, 'abort', { signal: settled.signal }).catch(() => {});
  try {
    const result = await Promise.race([target.invoke(JSON.stringify({ Records }), { isQueued: true }), end]);
    return String(result);
  } finally {
    settled.abort();
    abandoned.throwIfAborted();
  }
}
