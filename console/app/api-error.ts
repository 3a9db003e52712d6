/** Defines the error of a request to the management API. */

/** The error in a response. */
export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly retryable?: boolean;
}

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
