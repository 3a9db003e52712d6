/** How MCP Events says what went wrong: JSON-RPC errors with the codes and the `data` of the draft. */
import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import { failedUnexpectedly } from '../method-error.ts';

/** The draft's section "Error Codes". */
export const EventErrorCode = {
  notFound: -32011,
  forbidden: -32012,
  resourceExhausted: -32013,
  unsupported: -32014,
  callbackEndpoint: -32015,
} as const;

/** By our own codes; what is not here is no fault of the caller. */
const CODES: Partial<Record<ErrorCode, number>> = {
  [ErrorCode.invalidArguments]: ProtocolErrorCode.InvalidParams,
  [ErrorCode.invalidCursor]: ProtocolErrorCode.InvalidParams,
  [ErrorCode.insufficientScope]: EventErrorCode.forbidden,
  [ErrorCode.urlRefused]: ProtocolErrorCode.InvalidParams,
  [ErrorCode.resourceExhausted]: EventErrorCode.resourceExhausted,
};

/** What the caller is told of anything that a method threw; what it is not told is logged. */
export function toProtocolError(method: string, error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  const code = error instanceof AppError ? CODES[error.code] : undefined;
  if (error instanceof AppError && code !== undefined) {
    return new ProtocolError(code, error.message, error.details);
  }
  return failedUnexpectedly(method, error);
}

export function eventNotFound(name: string, names: readonly string[]): ProtocolError {
  return new ProtocolError(
    EventErrorCode.notFound,
    `There is no event "${name}". There are: ${names.join(', ')}.`,
    { kind: 'event' },
  );
}

export function subscriptionNotFound(): ProtocolError {
  return new ProtocolError(
    EventErrorCode.notFound,
    'You have no subscription with this name, these arguments and this delivery.url.',
    { kind: 'subscription' },
  );
}

export function deliveryModeUnsupported(mode: string): ProtocolError {
  return new ProtocolError(
    EventErrorCode.unsupported,
    `Events are not delivered by "${mode}": subscribe with mode "webhook", or call events/poll.`,
    { feature: 'deliveryMode', value: mode },
  );
}

/** @param reason one of the draft's categories: it tells nothing of what the receiver answered. */
export function callbackFailed(reason: string): ProtocolError {
  return new ProtocolError(
    EventErrorCode.callbackEndpoint,
    `delivery.url did not answer with the challenge that it was sent (${reason}). Nothing will be sent to it.`,
    { reason },
  );
}
