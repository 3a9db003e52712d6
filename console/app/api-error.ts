/** Defines the error of a request to the management API. */

/** The error in a response. */
export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly retryable?: boolean;
}

/** Returns what to show for a failed request: a failed sign-in names itself, and any other error is a request without a response. */
export function describeFailure(error: Error): ErrorBody {
  if (error instanceof ApiError) {
    const { code, message, retryable } = error;
    return { code, message, retryable };
  }
  const code = SIGN_IN_CODES.get(error.name);
  if (code !== undefined) return { code, message: error.message };
  return {
    code: 'NO_RESPONSE',
    message: `The API did not respond (${error.message}). Check the connection.`,
  };
}

/** By the names of the errors, without the library that signs in. */
const SIGN_IN_CODES: ReadonlyMap<string, string> = new Map([
  ['SignInNeeded', 'SIGN_IN_NEEDED'],
  ['SignInFailed', 'SIGN_IN_FAILED'],
]);

/** An error of the management API, with the remedy in its message. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** Such as `JOB_NOT_FOUND`. */
  readonly code: string;
  readonly retryable: boolean;
  /** Milliseconds to wait before the next request; undefined when the API does not say. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, { code, message, retryable = false }: ErrorBody, retryAfterMs?: number) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryable = retryable;
    this.retryAfterMs = retryAfterMs;
  }
}
