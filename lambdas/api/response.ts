/** Builds the responses of the management API: JSON bodies, and errors with the status of their code. */
import type { APIGatewayProxyResult } from 'aws-lambda';
import { AppError, ErrorCode } from '../shared/errors.ts';
import { log } from '../shared/observability/log.ts';
import { measureFailure } from '../shared/observability/request-metrics.ts';
import { toJson } from '../shared/well-formed.ts';

export interface ApiResponse {
  readonly status: number;
  /** An object becomes JSON. A text is sent unchanged, with the content type in `headers`. Absent: no body. */
  readonly body?: object | string;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** HTTP status by error code. An error with any other code is a bug of this API. */
export const STATUSES: Partial<Record<ErrorCode, number>> = {
  [ErrorCode.invalidArguments]: 400,
  [ErrorCode.invalidCursor]: 400,
  [ErrorCode.urlRefused]: 400,
  [ErrorCode.unauthenticated]: 401,
  [ErrorCode.insufficientScope]: 403,
  [ErrorCode.answerLinkInvalid]: 404,
  [ErrorCode.deliveryNotFound]: 404,
  [ErrorCode.endpointNotFound]: 404,
  [ErrorCode.jobNotFound]: 404,
  [ErrorCode.resourceNotFound]: 404,
  [ErrorCode.conflict]: 409,
  [ErrorCode.deliveryHeld]: 409,
  [ErrorCode.endpointInactive]: 409,
  [ErrorCode.inputAlreadyAnswered]: 409,
  [ErrorCode.inputNotRequired]: 409,
  [ErrorCode.jobAlreadyEnded]: 409,
  [ErrorCode.jobAlreadyRetried]: 409,
  [ErrorCode.jobNotEnded]: 409,
  [ErrorCode.operationRemoved]: 409,
  [ErrorCode.retryNotAllowed]: 409,
  [ErrorCode.inputTooLarge]: 413,
  [ErrorCode.unsupportedMediaType]: 415,
  [ErrorCode.resourceExhausted]: 429,
  [ErrorCode.startFailed]: 503,
};

export function toProxyResult({ status, body, headers }: ApiResponse): APIGatewayProxyResult {
  return {
    statusCode: status,
    headers: {
      ...(typeof body === 'object' && { 'content-type': 'application/json' }),
      // Responses may contain secrets; a route that allows caching sets its own header.
      'cache-control': 'no-store',
      // Some URLs are secrets.
      'referrer-policy': 'no-referrer',
      ...headers,
    },
    body: typeof body === 'object' ? toJson(body) : (body ?? ''),
  };
}

/** Maps an error to a response. An unexpected error is logged in full; the caller gets a message without details. */
export function errorResponse(error: unknown, route: string): ApiResponse {
  const status = error instanceof AppError ? STATUSES[error.code] : undefined;
  measureFailure(status ? error : undefined);
  if (error instanceof AppError && status) {
    const waitMs = Number(error.details?.retry_after_ms ?? 0);
    const headers = waitMs > 0 ? { 'retry-after': String(Math.ceil(waitMs / 1000)) } : undefined;
    return { status, body: bodyOf(error), headers };
  }
  log.error('The management API failed', { route, error });
  return {
    status: 500,
    body: bodyOf(
      new AppError(ErrorCode.internal, 'The request failed because of an internal error. Try again.', {
        retryable: true,
      }),
    ),
  };
}

function bodyOf({ code, message, retryable, details }: AppError) {
  return { error: { code, message, retryable, ...(details && { details }) } };
}
