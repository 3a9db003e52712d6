/** The one error type whose text may reach a caller: a stable code, a safe sentence, and what to do next. */

export const ErrorCode = {
  answerLinkInvalid: 'ANSWER_LINK_INVALID',
  apiCallFailed: 'API_CALL_FAILED',
  apiNotAllowed: 'API_NOT_ALLOWED',
  apiResponseInvalid: 'API_RESPONSE_INVALID',
  artifactChanged: 'ARTIFACT_CHANGED',
  artifactInvalid: 'ARTIFACT_INVALID',
  artifactTooLarge: 'ARTIFACT_TOO_LARGE',
  buildJobInvalid: 'BUILD_JOB_INVALID',
  conflict: 'CONFLICT',
  deliveryHeld: 'DELIVERY_HELD',
  deliveryNotFound: 'DELIVERY_NOT_FOUND',
  deployInProgress: 'DEPLOY_IN_PROGRESS',
  downloadChanged: 'DOWNLOAD_CHANGED',
  downloadFailed: 'DOWNLOAD_FAILED',
  elicitationRequired: 'ELICITATION_REQUIRED',
  endpointInactive: 'ENDPOINT_INACTIVE',
  endpointNotFound: 'ENDPOINT_NOT_FOUND',
  executionFailed: 'EXECUTION_FAILED',
  executionStopped: 'EXECUTION_STOPPED',
  executionTimedOut: 'EXECUTION_TIMED_OUT',
  fileNotFound: 'FILE_NOT_FOUND',
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
  jobNotFound: 'JOB_NOT_FOUND',
  migrationInvalid: 'MIGRATION_INVALID',
  pathRefused: 'PATH_REFUSED',
  patternInvalid: 'PATTERN_INVALID',
  projectNotFound: 'PROJECT_NOT_FOUND',
  rangeInvalid: 'RANGE_INVALID',
  resourceExhausted: 'RESOURCE_EXHAUSTED',
  resourceNotFound: 'RESOURCE_NOT_FOUND',
  resultInvalid: 'RESULT_INVALID',
  scriptFailed: 'SCRIPT_FAILED',
  smokeTestFailed: 'SMOKE_TEST_FAILED',
  sourceInvalid: 'SOURCE_INVALID',
  sourceTooLarge: 'SOURCE_TOO_LARGE',
  startFailed: 'START_FAILED',
  stepCrashed: 'STEP_CRASHED',
  stepTimedOut: 'STEP_TIMED_OUT',
  tableNotAllowed: 'TABLE_NOT_ALLOWED',
  tableNotFound: 'TABLE_NOT_FOUND',
  timedOut: 'TIMED_OUT',
  unauthenticated: 'UNAUTHENTICATED',
  unsupportedMediaType: 'UNSUPPORTED_MEDIA_TYPE',
  uploadChanged: 'UPLOAD_CHANGED',
  uploadTooLarge: 'UPLOAD_TOO_LARGE',
  urlRefused: 'URL_REFUSED',
  workspaceUnavailable: 'WORKSPACE_UNAVAILABLE',
} as const;
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

export interface AppErrorOptions {
  /** Whether the same call may succeed later without a change. @default false */
  readonly retryable?: boolean;
  /** Facts a caller may act on; JSON, and free of secrets. */
  readonly details?: Readonly<Record<string, string | number | boolean>>;
  /** What really happened: for the log, never for the caller. */
  readonly cause?: unknown;
}

/** A failure described for whoever asked. Everything else that is thrown is a bug and shown as `INTERNAL_ERROR`. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly details: AppErrorOptions['details'];

  /** @param message one or two sentences: what happened, with which value, and what to do. */
  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.details = options.details;
  }
}
