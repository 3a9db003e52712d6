/** Maps errors to JSON-RPC errors. `CodedError` messages are safe to show; logs anything else and reports it as internal. */
import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { CodedError } from '../shared/errors.ts';
import { log } from '../shared/observability/log.ts';
import { measureFailure } from '../shared/observability/request-metrics.ts';

/** @returns -32602 when the caller must change the request; -32603 for retryable and unexpected errors */
export function toMethodError(method: string, error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  measureFailure(error);
  if (!(error instanceof CodedError)) return failedUnexpectedly(method, error);
  const { code, message, retryable, details } = error;
  const data = { code, ...(retryable && { retryable }), ...details };
  return new ProtocolError(
    retryable ? ProtocolErrorCode.InternalError : ProtocolErrorCode.InvalidParams,
    message,
    data,
  );
}

/** Logs the error, and returns one that reveals nothing of it. */
function failedUnexpectedly(method: string, error: unknown): ProtocolError {
  log.error('A method failed unexpectedly', { method, error });
  return new ProtocolError(
    ProtocolErrorCode.InternalError,
    `${method} failed with an internal error. Retry; if it fails again, report it to the operator.`,
  );
}
