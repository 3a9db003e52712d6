/** Gives a Lambda handler its log context, and writes its metrics when it ends. */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import { log } from './log.ts';
import { metrics } from './metrics.ts';

/**
 * Returns the middleware of all functions.
 * @example
 * ```ts
 * export const handler = middy(handle).use(observe());
 * ```
 */
export function observe() {
  return [injectLambdaContext(log, { flushBufferOnUncaughtError: true }), logMetrics(metrics)];
}
