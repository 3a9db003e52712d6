/** How the methods of tasks say what went wrong: JSON-RPC errors, in both generations. */
import {
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
} from '@modelcontextprotocol/server';
import { AppError } from '../../shared/errors.ts';
import { failedUnexpectedly } from '../failed-unexpectedly.ts';
import { TASKS_EXTENSION } from '../protocol-method.ts';

/** What the caller is told of anything that a method threw; what it is not told is logged. */
export function toTaskError(method: string, error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  if (error instanceof AppError) {
    const { code, message, retryable, details } = error;
    const data = { code, ...(retryable && { retryable }), ...details };
    return new ProtocolError(
      retryable ? ProtocolErrorCode.InternalError : ProtocolErrorCode.InvalidParams,
      message,
      data,
    );
  }
  return failedUnexpectedly(method, error);
}

/** Of a client that has not said of this request that it takes tasks. */
export function tasksNotDeclared(): ProtocolError {
  return new MissingRequiredClientCapabilityError(
    { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } },
    `This needs a client that takes tasks: declare ${TASKS_EXTENSION} in the request's client capabilities.`,
  );
}
