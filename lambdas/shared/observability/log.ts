/** Writes log lines as JSON. Each line has the ids of what it is about, so that one job id finds all lines of a job's life. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { LogFormatter, Logger, LogItem } from '@aws-lambda-powertools/logger';
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types';
import type { LogKeys } from './log-keys.ts';
import { redactAttributes, redactText } from './redact.ts';

const recordKeys = new AsyncLocalStorage<LogKeys>();
/** An instance runs one invocation at a time. */
let invocationKeys: LogKeys = {};

/**
 * Runs a function for one record of many. All lines that it logs, also those of its callees, have the keys, and those of the
 * functions around it. Lines of other records that run at the same time do not have them.
 */
export function withLogKeys<T>(added: LogKeys, run: () => T): T {
  return recordKeys.run({ ...recordKeys.getStore(), ...known(added) }, run);
}

/** Adds keys to the later lines of the record that runs; outside of a record, to those of the invocation. */
export function addLogKeys(added: LogKeys): void {
  Object.assign(recordKeys.getStore() ?? invocationKeys, known(added));
}

/** Removes the keys of the invocation before. */
export function resetLogKeys(): void {
  invocationKeys = {};
}

class Formatter extends LogFormatter {
  override formatAttributes(
    { logLevel, timestamp, message, lambdaContext, xRayTraceId }: UnformattedAttributes,
    additional: LogAttributes,
  ): LogItem {
    const attributes = {
      level: logLevel,
      message: redactText(message),
      timestamp: timestamp.toISOString(),
      function: lambdaContext?.functionName,
      request_id: lambdaContext?.awsRequestId,
      cold_start: lambdaContext?.coldStart,
      ...redactAttributes({
        // `1-5759e988-bd862e3fe1be46a994272793` → the notation of W3C
        trace_id: xRayTraceId?.slice(2).replace('-', ''),
        ...invocationKeys,
        ...recordKeys.getStore(),
        ...known(additional),
      }),
    };
    return new LogItem({ attributes });
  }
}

/** An unknown key does not hide the known one around it. */
function known(attributes: object): object {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}

/** An operator sees each debug line at once: with Lambda's level TRACE, or with LOG_LEVEL. */
const showsDebug =
  process.env.AWS_LAMBDA_LOG_LEVEL === 'TRACE' || ['DEBUG', 'TRACE'].includes(process.env.LOG_LEVEL ?? '');

/**
 * The logger of all functions. It keeps debug lines, and writes them when a line with level ERROR follows in the invocation.
 * Secrets, answers and control characters are removed from all lines; see `redact.ts`.
 * @example
 * ```ts
 * log.warn('A slot was not freed and expires', { purpose, error });
 * ```
 */
export const log = new Logger({
  logFormatter: new Formatter(),
  logBufferOptions: { enabled: !showsDebug, flushOnErrorLog: true },
});
