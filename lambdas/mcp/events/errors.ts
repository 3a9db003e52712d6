/** Maps errors to JSON-RPC errors with the codes and the `data` of MCP Events (SEP-3415, Error Handling). */
import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import { measureFailure } from '../../shared/observability/request-metrics.ts';
import { toMethodError } from '../method-error.ts';

/** From the range that the core specification allocates. The design sketch before it had -32011 to -32015. */
export const EventErrorCode = {
  notFound: -32023,
  forbidden: -32024,
  resourceExhausted: -32025,
  unsupported: -32026,
  callbackEndpoint: -32027,
} as const;

/** JSON-RPC codes of MCP Events by `ErrorCode`. Other errors have the codes of all methods. */
export const EVENT_CODES: Partial<Record<ErrorCode, number>> = {
  [ErrorCode.invalidArguments]: ProtocolErrorCode.InvalidParams,
  [ErrorCode.invalidCursor]: ProtocolErrorCode.InvalidParams,
  [ErrorCode.insufficientScope]: EventErrorCode.forbidden,
  [ErrorCode.urlRefused]: ProtocolErrorCode.InvalidParams,
  [ErrorCode.resourceExhausted]: EventErrorCode.resourceExhausted,
};

/** Maps anything that a method throws to a JSON-RPC error. Logs unexpected errors and hides their text. */
export function toProtocolError(method: string, error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  measureFailure(error);
  const code = error instanceof AppError ? EVENT_CODES[error.code] : undefined;
  if (error instanceof AppError && code !== undefined) {
    return new ProtocolError(code, error.message, error.details);
  }
  return toMethodError(method, error);
}

export function eventNotFound(name: string, names: readonly string[]): ProtocolError {
  return new ProtocolError(
    EventErrorCode.notFound,
    `Unknown event "${name}". Use one of: ${names.join(', ')}.`,
    { kind: 'event' },
  );
}

export function subscriptionNotFound(): ProtocolError {
  return new ProtocolError(
    EventErrorCode.notFound,
    'You have no subscription with this name, these arguments and this delivery.url. Repeat all three as you subscribed.',
    { kind: 'subscription' },
  );
}

export function deliveryModeUnsupported(mode: string): ProtocolError {
  return new ProtocolError(
    EventErrorCode.unsupported,
    `Delivery mode "${mode}" is not supported. Subscribe with mode "webhook", or call events/stream or events/poll.`,
    { feature: 'deliveryMode', value: mode },
  );
}

/** @param reason one of the categories of `lastError`; reveals nothing of the receiver's response */
export function callbackFailed(reason: string): ProtocolError {
  return new ProtocolError(
    EventErrorCode.callbackEndpoint,
    `delivery.url did not return the challenge (${reason}) and receives no events. Fix the receiver, then subscribe again.`,
    { reason },
  );
}
