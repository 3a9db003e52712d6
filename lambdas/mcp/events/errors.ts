/** Maps errors to JSON-RPC errors with the codes and the `data` of the MCP Events draft. */
import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import { measureFailure } from '../../shared/observability/request-metrics.ts';
import { toMethodError } from '../method-error.ts';

/** Codes from the draft's section "Error Codes". */
export const EventErrorCode = {
  notFound: -32011,
  forbidden: -32012,
  resourceExhausted: -32013,
  unsupported: -32014,
  callbackEndpoint: -32015,
} as const;

/** JSON-RPC codes of the draft by `ErrorCode`. Other errors have the codes of all methods. */
const CODES: Partial<Record<ErrorCode, number>> = {
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
  const code = error instanceof AppError ? CODES[error.code] : undefined;
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
    `Delivery mode "${mode}" is not supported. Subscribe with mode "webhook", or call events/poll.`,
    { feature: 'deliveryMode', value: mode },
  );
}

/** @param reason one of the draft's categories; reveals nothing of the receiver's response */
export function callbackFailed(reason: string): ProtocolError {
  return new ProtocolError(
    EventErrorCode.callbackEndpoint,
    `delivery.url did not return the challenge (${reason}) and receives no events. Fix the receiver, then subscribe again.`,
    { reason },
  );
}
