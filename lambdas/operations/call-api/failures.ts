/** Maps failed API calls to errors with the status, the start of the body, and whether a retry can help. */
import { OperationError } from 'mcp-async-operations/operation';
import { type ApiRequest, cleanText, trimToUtf8Boundaries } from 'mcp-async-operations/steps';
import type { ApiResponse, Outcome } from './read-outcome.ts';

/** Methods whose repetition has no further effect. */
const IDEMPOTENT: readonly string[] = ['GET', 'HEAD', 'PUT', 'DELETE'];
const TRANSIENT_STATUSES: readonly number[] = [429, 500, 502, 503, 504];
/** Errors without a response of the API. All others concern the connection or its permissions. */
const NO_RESPONSE_ERRORS: readonly string[] = ['States.Http.Socket', 'States.TaskFailed', 'States.Timeout'];
const MAX_BODY_BYTES = 2_048;

/** @returns whether the call is safe to repeat and can succeed on a retry */
export function mayRetry({ method }: ApiRequest, outcome: Outcome): boolean {
  const passes =
    outcome.kind === 'none'
      ? NO_RESPONSE_ERRORS.includes(outcome.error)
      : TRANSIENT_STATUSES.includes(outcome.status);
  return passes && IDEMPOTENT.includes(method);
}

export function describeOutcome(outcome: Outcome): string {
  return outcome.kind === 'response'
    ? `responded with ${outcome.status}`
    : `did not respond (${outcome.error})`;
}

export function failed(request: ApiRequest, outcome: Outcome): OperationError {
  const { connection, method, path } = request;
  const retryable = mayRetry(request, outcome);
  if (outcome.kind === 'response') {
    const message = `${connection} ${describeOutcome(outcome)} to ${method} ${path}. Read details.body for its response.`;
    return new OperationError('API_CALL_FAILED', message, { retryable, details: detailsOf(outcome) });
  }
  const { error, cause } = outcome;
  const details = { cause: error };
  if (!NO_RESPONSE_ERRORS.includes(error)) {
    const message = `${connection} could not be called (${error}). Ask the operator to check its connection in EventBridge.`;
    return new OperationError('API_CALL_FAILED', message, { details, cause });
  }
  const remedy = retryable
    ? 'Try again later.'
    : 'The request may have been processed. Check before you try again.';
  const message = `${connection} ${describeOutcome(outcome)} to ${method} ${path}. ${remedy}`;
  return new OperationError('API_CALL_FAILED', message, { retryable, details, cause });
}

/** @param reason rest of a message that starts with the response */
export function invalid(
  { connection, method, path }: ApiRequest,
  response: ApiResponse,
  reason: string,
): OperationError {
  const message = `The response of ${connection} to ${method} ${path} ${reason}.`;
  return new OperationError('API_RESPONSE_INVALID', message, { details: detailsOf(response) });
}

function detailsOf({ status, body }: ApiResponse) {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const isCutAfter = bytes.length > MAX_BODY_BYTES;
  const { whole } = trimToUtf8Boundaries(bytes.subarray(0, MAX_BODY_BYTES), {
    isCutBefore: false,
    isCutAfter,
  });
  return { status, body: cleanText(whole?.toString() ?? '') };
}
