/** Writes log lines as JSON. Each line has the ids of what it is about, so that one job id finds all lines of a job's life. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { LogFormatter, Logger, LogItem } from '@aws-lambda-powertools/logger';
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types';

/** What a log line is about. The owner is a hash: see `hashOwner`. */
export interface LogKeys {
  readonly job_id?: string;
  readonly operation?: string;
  readonly owner?: string;
  readonly step?: string;
  readonly attempt?: number;
  readonly delivery_id?: string;
  /** Of the request to the gateway, or of the message: the same in all functions that one request reaches. */
  readonly correlation_id?: string;
}

const keys = new AsyncLocalStorage<LogKeys>();

/** Runs a function. All lines that it logs, also those of its callees, have the keys, and those of the functions around it. */
export function withLogKeys<T>(added: LogKeys, run: () => T): T {
  return keys.run({ ...keys.getStore(), ...added }, run);
}

class Formatter extends LogFormatter {
  override formatAttributes(
    { logLevel, timestamp, message, lambdaContext }: UnformattedAttributes,
    additional: LogAttributes,
  ): LogItem {
    const attributes = {
      level: logLevel,
      message,
      timestamp: timestamp.toISOString(),
      function: lambdaContext?.functionName,
      request_id: lambdaContext?.awsRequestId,
      cold_start: lambdaContext?.coldStart,
      ...keys.getStore(),
    };
    return new LogItem({ attributes }).addAttributes(additional);
  }
}

/**
 * The logger of all functions.
 * @example
 * ```ts
 * log.warn('A slot was not freed and expires', { purpose, error });
 * ```
 */
export const log = new Logger({ logFormatter: new Formatter() });
