/** What a caller is told of a call that came to nothing: the status, the beginning of the body, and whether to try again. */
import { OperationError } from 'mcp-async-operations/operation';
import { type ApiRequest, wholeCharacters } from 'mcp-async-operations/steps';
import type { Answer, Outcome } from './read-outcome.ts';

/** To do once more what may have been done changes nothing. */
const IDEMPOTENT: readonly string[] = ['GET', 'HEAD', 'PUT', 'DELETE'];
const PASSING: readonly number[] = [429, 500, 502, 503, 504];
/** The others are about the operator's connection, or the rights of ours. */
const NO_ANSWER: readonly string[] = ['States.Http.Socket', 'States.TaskFailed', 'States.Timeout'];
const MAX_TOLD_BYTES = 2_048;

/** Whether the same call may be answered otherwise in a moment, and can be made once more. */
export function mayBeRepeated({ method }: ApiRequest, outcome: Outcome): boolean {
  const passes =
    outcome.kind === 'silence' ? NO_ANSWER.includes(outcome.error) : PASSING.includes(outcome.status);
  return passes && IDEMPOTENT.includes(method);
}

export function told(outcome: Outcome): string {
  return outcome.kind === 'answer' ? `answered ${outcome.status}` : `did not answer (${outcome.error})`;
}

export function failed(request: ApiRequest, outcome: Outcome): OperationError {
  const { connection, method, path } = request;
  const retryable = mayBeRepeated(request, outcome);
  if (outcome.kind === 'answer') {
    const message = `${connection} ${told(outcome)} to ${method} ${path}. What it says is in details.body.`;
    return new OperationError('API_CALL_FAILED', message, { retryable, details: detailsOf(outcome) });
  }
  const { error, cause } = outcome;
  const details = { cause: error };
  if (!NO_ANSWER.includes(error)) {
    const message = `${connection} could not be called (${error}). The operator finds why at its connection in EventBridge.`;
    return new OperationError('API_CALL_FAILED', message, { details, cause });
  }
  const remedy = retryable
    ? 'Try again later.'
    : 'It may have been done all the same: look before you try again.';
  const message = `${connection} ${told(outcome)} to ${method} ${path}. ${remedy}`;
  return new OperationError('API_CALL_FAILED', message, { retryable, details, cause });
}

/** @param reason the end of a sentence about the answer */
export function invalid(
  { connection, method, path }: ApiRequest,
  answer: Answer,
  reason: string,
): OperationError {
  const message = `The answer of ${connection} to ${method} ${path} ${reason}.`;
  return new OperationError('API_RESPONSE_INVALID', message, { details: detailsOf(answer) });
}

function detailsOf({ status, body }: Answer) {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const isCutAfter = bytes.length > MAX_TOLD_BYTES;
  const { whole } = wholeCharacters(bytes.subarray(0, MAX_TOLD_BYTES), { isCutBefore: false, isCutAfter });
  return { status, body: whole?.toString() ?? '' };
}
