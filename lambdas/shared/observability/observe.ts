/** Gives a Lambda handler its log context. */
import type { Context } from 'aws-lambda';
import { addLogKeys, log, resetLogKeys } from './log.ts';
import type { LogKeys } from './log-keys.ts';
import { ThrownResult } from './thrown-result.ts';

/**
 * Returns the middleware of all functions. Powertools' own middleware logs every thrown error, also those that a state machine
 * catches. A function that writes metrics also uses `writeMetrics`.
 * @param keysOf returns the keys of all lines of an invocation. @default none
 * @example
 * ```ts
 * export const handler = middy(handle).use(observe());
 * ```
 */
export function observe<Event>(keysOf?: (event: Event) => LogKeys) {
  return {
    before: ({ event, context }: { readonly event: Event; readonly context: Context }) => {
      // A streaming handler logs until its stream ends, so the end of the handler resets nothing.
      log.clearBuffer();
      resetLogKeys();
      log.addContext(context);
      if (keysOf) addLogKeys(keysOf(event));
    },
    onError: ({ error }: { readonly error: Error | null }) => {
      if (!(error instanceof ThrownResult)) log.error('The invocation failed', { error });
    },
  };
}
