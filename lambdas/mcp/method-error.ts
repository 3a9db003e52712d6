/** What the caller of a method is told of its failure: in our words when they are meant for it, else that it failed, and no more. */
import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { CodedError } from '../shared/errors.ts';

/** @returns -32602 for what the caller can mend, -32603 for what may pass when the call is made again, and for all else */
export function toMethodError(method: string, error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  if (!(error instanceof CodedError)) return failedUnexpectedly(method, error);
  const { code, message, retryable, details } = error;
  const data = { code, ...(retryable && { retryable }), ...details };
  return new ProtocolError(
    retryable ? ProtocolErrorCode.InternalError : ProtocolErrorCode.InvalidParams,
    message,
    data,
  );
}

/** What it was is logged. */
export function failedUnexpectedly(method: string, error: unknown): ProtocolError {
  console.error({ message: 'A method failed unexpectedly', method, error });
  return new ProtocolError(
    ProtocolErrorCode.InternalError,
    `${method} failed on our side. Call it again; if it fails again, tell the operator.`,
  );
}
