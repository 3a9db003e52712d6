/** What the caller of a method is told of a failure that nobody expected: nothing but that; what it was is logged. */
import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';

export function failedUnexpectedly(method: string, error: unknown): ProtocolError {
  console.error({ message: 'A method failed unexpectedly', method, error });
  return new ProtocolError(
    ProtocolErrorCode.InternalError,
    `${method} failed on our side. Call it again; if it fails again, tell the operator.`,
  );
}
