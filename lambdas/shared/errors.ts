/** Defines errors that are safe to show to callers: a stable code, a message and a remedy. */

/** Error codes of the engine, a closed list. Operations define their own codes with `OperationError`. */
export const ErrorCode = {
  answerLinkInvalid: 'ANSWER_LINK_INVALID',
  conflict: 'CONFLICT',
  deliveryHeld: 'DELIVERY_HELD',
  deliveryNotFound: 'DELIVERY_NOT_FOUND',
  elicitationRequired: 'ELICITATION_REQUIRED',
  endpointInactive: 'ENDPOINT_INACTIVE',
  endpointNotFound: 'ENDPOINT_NOT_FOUND',
  executionFailed: 'EXECUTION_FAILED',
  executionStopped: 'EXECUTION_STOPPED',
  executionTimedOut: 'EXECUTION_TIMED_OUT',
  idempotencyKeyReused: 'IDEMPOTENCY_KEY_REUSED',
  inputAlreadyAnswered: 'INPUT_ALREADY_ANSWERED',
  inputNotRequired: 'INPUT_NOT_REQUIRED',
  inputTimedOut: 'INPUT_TIMED_OUT',
  inputTooLarge: 'INPUT_TOO_LARGE',
  insufficientScope: 'INSUFFICIENT_SCOPE',
  internal: 'INTERNAL_ERROR',
  invalidArguments: 'INVALID_ARGUMENTS',
  invalidCursor: 'INVALID_CURSOR',
  jobAlreadyEnded: 'JOB_ALREADY_ENDED',
  jobAlreadyRetried: 'JOB_ALREADY_RETRIED',
  jobNotEnded: 'JOB_NOT_ENDED',
  jobNotFound: 'JOB_NOT_FOUND',
  operationRemoved: 'OPERATION_REMOVED',
  rangeInvalid: 'RANGE_INVALID',
  resourceExhausted: 'RESOURCE_EXHAUSTED',
  resourceNotFound: 'RESOURCE_NOT_FOUND',
  resultInvalid: 'RESULT_INVALID',
  retryNotAllowed: 'RETRY_NOT_ALLOWED',
  startFailed: 'START_FAILED',
  stepCrashed: 'STEP_CRASHED',
  stepTimedOut: 'STEP_TIMED_OUT',
  timedOut: 'TIMED_OUT',
  unauthenticated: 'UNAUTHENTICATED',
  unsupportedMediaType: 'UNSUPPORTED_MEDIA_TYPE',
  uploadTooLarge: 'UPLOAD_TOO_LARGE',
  urlRefused: 'URL_REFUSED',
  workspaceUnavailable: 'WORKSPACE_UNAVAILABLE',
} as const;
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/**
 * Error name of a sandbox that ended without a result, such as one out of memory. Code of an owner can cause it, so it does not
 * count as a failure of the service.
 */
export const SANDBOX_CRASHED = 'Sandbox.ExitError';

/** Codes that operations may use as well. */
const SHARED_CODES: readonly string[] = [
  ErrorCode.conflict,
  ErrorCode.invalidArguments,
  ErrorCode.rangeInvalid,
  ErrorCode.stepTimedOut,
  ErrorCode.urlRefused,
] satisfies readonly ErrorCode[];

const RESERVED_CODES: ReadonlySet<string> = new Set(
  Object.values(ErrorCode).filter((code) => !SHARED_CODES.includes(code)),
);

/** UPPER_SNAKE_CASE. */
export const ERROR_CODE = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/;
export const MAX_ERROR_CODE_CHARACTERS = 64;

/** Optional properties of a `CodedError`. */
export interface CodedErrorOptions {
  /** Whether the same call can succeed later without a change. @default false */
  readonly retryable?: boolean;
  /** Facts that a caller can act on, as JSON without secrets. Longer texts than fit into 8 KiB are cut off. @default none */
  readonly details?: Readonly<Record<string, string | number | boolean>>;
  /** Technical cause for the log. Callers never see it. @default none */
  readonly cause?: unknown;
}

/** A failure with a message for callers. The engine reports every other error as `INTERNAL_ERROR` and hides its message. */
export abstract class CodedError extends Error {
  /** UPPER_SNAKE_CASE. */
  readonly code: string;
  /** Whether the same call can succeed later without a change. */
  readonly retryable: boolean;
  /** Facts that a caller can act on. */
  readonly details: CodedErrorOptions['details'];

  /**
   * @param code UPPER_SNAKE_CASE
   * @param message one or two sentences, at most 1,000 characters: what happened, with which value, and the remedy
   */
  constructor(code: string, message: string, options: CodedErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.details = options.details;
  }
}

/** A failure that the engine reports. Operations throw `OperationError`. */
export class AppError extends CodedError {
  override readonly name = 'AppError';
  declare readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options: CodedErrorOptions = {}) {
    super(code, message, options);
  }
}

/**
 * A failure that an operation reports with its own code. A step that throws it fails its job, or the synchronous call.
 * Callers see `code`, `message`, `retryable` and `details`. In a job, a `retryable` failure runs the step again, as often as
 * its `retries` allow.
 * @throws Error when the code is not UPPER_SNAKE_CASE, exceeds 64 characters or belongs to the engine
 * @example
 * ```ts
 * throw new OperationError('IMAGE_UNREADABLE', `${url} is not a picture. Give the URL of a PNG or JPEG file.`, {
 *   details: { content_type: contentType },
 * });
 * ```
 */
export class OperationError extends CodedError {
  override readonly name = 'OperationError';

  constructor(code: string, message: string, options: CodedErrorOptions = {}) {
    if (!ERROR_CODE.test(code) || code.length > MAX_ERROR_CODE_CHARACTERS) {
      throw new Error(
        `Error code "${code}" is invalid. Use UPPER_SNAKE_CASE and at most ${MAX_ERROR_CODE_CHARACTERS} characters, such as IMAGE_UNREADABLE.`,
      );
    }
    if (RESERVED_CODES.has(code)) {
      throw new Error(
        `Error code "${code}" belongs to the engine. Choose a different code for the operation.`,
      );
    }
    super(code, message, options);
  }
}

/** @returns an AppError for a code of the engine, else an OperationError; for errors that another process reports */
export function codedError(code: string, message: string, options: CodedErrorOptions): CodedError {
  return RESERVED_CODES.has(code)
    ? new AppError(code as ErrorCode, message, options)
    : new OperationError(code, message, options);
}
