/** Gives a Lambda handler its log context, and writes its metrics when it ends. */
import type { Context } from 'aws-lambda';
import { log } from './log.ts';
import { metrics } from './metrics.ts';
import { ThrownResult } from './thrown-result.ts';

/**
 * Returns the middleware of all functions. Powertools' own middleware logs every thrown error, also those that a state machine
 * catches, and a warning for every invocation without metrics.
 * @example
 * ```ts
 * export const handler = middy(handle).use(observe());
 * ```
 */
export function observe() {
  return {
    before: ({ context }: { readonly context: Context }) => log.addContext(context),
    after: publishMetrics,
    onError: ({ error }: { readonly error: Error | null }) => {
      if (!(error instanceof ThrownResult)) log.error('The invocation failed', { error });
      publishMetrics();
    },
  };
}

function publishMetrics(): void {
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
}
