/** What the management API answers: JSON, and errors of one shape, each with the status that its code stands for. */
import type { APIGatewayProxyResult } from 'aws-lambda';
import { AppError, ErrorCode } from '../shared/errors.ts';

export interface Answer {
  readonly status: number;
  /** JSON; absent for answers without a body. */
  readonly body?: object;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** By code; an error whose code is not here is no answer of this API, and so a bug. */
const STATUSES: Partial<Record<ErrorCode, number>> = {
  [ErrorCode.invalidArguments]: 400,
  [ErrorCode.invalidCursor]: 400,
  [ErrorCode.urlRefused]: 400,
  [ErrorCode.unauthenticated]: 401,
  [ErrorCode.insufficientScope]: 403,
  [ErrorCode.answerLinkInvalid]: 404,
  [ErrorCode.deliveryNotFound]: 404,
  [ErrorCode.endpointNotFound]: 404,
  [ErrorCode.jobNotFound]: 404,
  [ErrorCode.conflict]: 409,
  [ErrorCode.deliveryHeld]: 409,
  [ErrorCode.endpointInactive]: 409,
  [ErrorCode.inputAlreadyAnswered]: 409,
  [ErrorCode.inputNotRequired]: 409,
  [ErrorCode.jobAlreadyEnded]: 409,
  [ErrorCode.inputTooLarge]: 413,
  [ErrorCode.unsupportedMediaType]: 415,
  [ErrorCode.resourceExhausted]: 429,
};

export function toProxyResult({ status, body, headers }: Answer): APIGatewayProxyResult {
  return {
    statusCode: status,
    headers: {
      ...(body && { 'content-type': 'application/json' }),
      // Secrets among them; what may be kept says so itself.
      'cache-control': 'no-store',
      // Some addresses are secrets themselves.
      'referrer-policy': 'no-referrer',
      ...headers,
    },
    body: body ? JSON.stringify(body) : '',
  };
}

/** What is not meant for callers is logged in full, and answered with a sentence that tells nothing of it. */
export function answerError(error: unknown, route: string): Answer {
  const status = error instanceof AppError ? STATUSES[error.code] : undefined;
  if (error instanceof AppError && status) {
    const waitMs = Number(error.details?.retry_after_ms ?? 0);
    const headers = waitMs > 0 ? { 'retry-after': String(Math.ceil(waitMs / 1000)) } : undefined;
    return { status, body: bodyOf(error), headers };
  }
  console.error({ message: 'The management API failed', route, error });
  return {
    status: 500,
    body: bodyOf(
      new AppError(ErrorCode.internal, 'Something went wrong here, not with the request. Try again.', {
        retryable: true,
      }),
    ),
  };
}

function bodyOf({ code, message, retryable, details }: AppError) {
  return { error: { code, message, retryable, ...(details && { details }) } };
}
