/** Says what each error code of the engine means and what to do. For the reference only: no function imports it. */
import { ErrorCode } from './errors.ts';

export interface ErrorMeaning {
  /** What happened, in one or two sentences. */
  readonly meaning: string;
  /** What to do, in the imperative. */
  readonly remedy: string;
  /** Whether the same call can succeed later without a change. `sometimes`: the field `retryable` of the error says it. */
  readonly retryable: 'yes' | 'no' | 'sometimes';
  /** Where it appears, besides the responses of the management API: in tool results, JSON-RPC errors of methods, failed jobs. */
  readonly appears: readonly ('tool' | 'method' | 'job')[];
}

const TOOL = ['tool'] as const;
const JOB = ['job'] as const;
const CALL = ['tool', 'method'] as const;

export const engineErrors: Readonly<Record<ErrorCode, ErrorMeaning>> = {
  [ErrorCode.answerLinkInvalid]: {
    meaning: 'The answer link is incomplete or has expired, or its job no longer exists.',
    remedy: 'Use the link exactly as it was sent.',
    retryable: 'no',
    appears: [],
  },
  [ErrorCode.conflict]: {
    meaning: 'Another call changed the same job, delivery, endpoint or file at the same time.',
    remedy: 'Read it again, then retry what is still needed.',
    retryable: 'sometimes',
    appears: ['tool', 'method', 'job'],
  },
  [ErrorCode.deliveryHeld]: {
    meaning: 'The delivery is held for an MCP client that polls. It is never sent.',
    remedy: 'Fetch it with `events/poll`.',
    retryable: 'no',
    appears: [],
  },
  [ErrorCode.deliveryNotFound]: {
    meaning:
      'The id of the delivery is wrong, or its record has expired. Deliveries of other owners look the same.',
    remedy: 'Use a `delivery_id` from a list of deliveries.',
    retryable: 'no',
    appears: [],
  },
  [ErrorCode.elicitationRequired]: {
    meaning: 'The operation needs an answer before it can start, and the client cannot ask its user.',
    remedy: 'Call it from a client of 2026-07-28 that supports elicitation.',
    retryable: 'no',
    appears: TOOL,
  },
  [ErrorCode.endpointInactive]: {
    meaning: 'The endpoint is disabled or deleted, or its subscription has lapsed. Nothing is sent to it.',
    remedy: 'Enable the endpoint first.',
    retryable: 'no',
    appears: [],
  },
  [ErrorCode.endpointNotFound]: {
    meaning:
      'The id of the endpoint is wrong, or the endpoint was deleted. Endpoints of other owners look the same.',
    remedy: 'List your endpoints with `GET /endpoints`.',
    retryable: 'no',
    appears: [],
  },
  [ErrorCode.executionFailed]: {
    meaning: 'An external state machine failed. `details.error` is the name of its error.',
    remedy: 'Ask the operator to read the cause in the execution.',
    retryable: 'no',
    appears: ['tool', 'job'],
  },
  [ErrorCode.executionStopped]: {
    meaning: 'The execution was stopped, or Step Functions ended it because of a limit.',
    remedy: 'Start the job again, or ask the operator for the reason.',
    retryable: 'sometimes',
    appears: JOB,
  },
  [ErrorCode.executionTimedOut]: {
    meaning: 'An external state machine exceeded its timeout.',
    remedy: 'Request less work, or start the job again.',
    retryable: 'yes',
    appears: JOB,
  },
  [ErrorCode.idempotencyKeyReused]: {
    meaning: 'The `idempotency_key` was used with other arguments or another `retention_seconds`.',
    remedy: 'Repeat those arguments, or choose a new key.',
    retryable: 'no',
    appears: CALL,
  },
  [ErrorCode.inputAlreadyAnswered]: {
    meaning: 'The question is already answered. The first answer counts.',
    remedy: 'Read the job and answer the questions that are still open.',
    retryable: 'no',
    appears: CALL,
  },
  [ErrorCode.inputNotRequired]: {
    meaning: 'The job did not ask this question, or it has no open question.',
    remedy: 'Read the job and use the keys of `input_requests`.',
    retryable: 'no',
    appears: CALL,
  },
  [ErrorCode.inputTimedOut]: {
    meaning: 'Nobody answered the question, or uploaded the file, in time.',
    remedy: 'Start the job again and answer in time.',
    retryable: 'yes',
    appears: JOB,
  },
  [ErrorCode.inputTooLarge]: {
    meaning: 'The body, the arguments or the answers are too large. The message has the limit.',
    remedy: 'Send less. Put large data into a file.',
    retryable: 'no',
    appears: CALL,
  },
  [ErrorCode.insufficientScope]: {
    meaning: 'The caller lacks a scope. `details.scope` names it.',
    remedy: 'Authorize again and request the scope. Ask an operator for `jobs:operate`.',
    retryable: 'no',
    appears: CALL,
  },
  [ErrorCode.internal]: {
    meaning: 'An unexpected error. The log has its cause.',
    remedy: 'Retry. If it fails again, report the request id or the job id to the operator.',
    retryable: 'sometimes',
    appears: ['tool', 'method', 'job'],
  },
  [ErrorCode.invalidArguments]: {
    meaning: 'An argument, a query parameter or a property of the body is invalid. The message names it.',
    remedy: 'Correct the named argument.',
    retryable: 'no',
    appears: ['tool', 'method', 'job'],
  },
  [ErrorCode.invalidCursor]: {
    meaning: 'The cursor is not from this list.',
    remedy: 'Pass `next_cursor` unchanged, or leave the cursor out to start at the beginning.',
    retryable: 'no',
    appears: CALL,
  },
  [ErrorCode.jobAlreadyEnded]: {
    meaning: 'The job has ended, so it cannot be cancelled or answered. `details.status` has its status.',
    remedy: 'Read its result with `check_job`.',
    retryable: 'no',
    appears: CALL,
  },
  [ErrorCode.jobAlreadyRetried]: {
    meaning: 'The job was already retried from another step. `details.job_id` is the new job.',
    remedy: 'Retry the new job instead.',
    retryable: 'no',
    appears: TOOL,
  },
  [ErrorCode.jobNotEnded]: {
    meaning: 'The job is still open, so it cannot be retried.',
    remedy: 'Wait until it ends, or cancel it. Then retry it.',
    retryable: 'no',
    appears: TOOL,
  },
  [ErrorCode.jobNotFound]: {
    meaning: 'The id of the job is wrong, or the job has expired. Jobs of other owners look the same.',
    remedy: 'Find your jobs with `list_jobs`.',
    retryable: 'no',
    appears: CALL,
  },
  [ErrorCode.operationRemoved]: {
    meaning: 'A deploy removed the operation, or it no longer starts jobs.',
    remedy: 'Use another operation, or ask the operator.',
    retryable: 'no',
    appears: ['tool', 'job'],
  },
  [ErrorCode.rangeInvalid]: {
    meaning: 'The requested range is outside of the file or the result. `details.size` has the size.',
    remedy: 'Choose a range within the size.',
    retryable: 'no',
    appears: CALL,
  },
  [ErrorCode.resourceExhausted]: {
    meaning: 'A limit is reached. `details.limit` names it, `details.max` has its value.',
    remedy: 'Wait `details.retry_after_ms`, or end a job. Then call again.',
    retryable: 'sometimes',
    appears: CALL,
  },
  [ErrorCode.resourceNotFound]: {
    meaning: 'The job has no such file, result or log, or none yet.',
    remedy: 'Read the job for the names of its files.',
    retryable: 'no',
    appears: CALL,
  },
  [ErrorCode.resultInvalid]: {
    meaning: 'The result does not match the output schema of the operation, or is too large for a sandbox.',
    remedy: 'Report the job to the author of the operation.',
    retryable: 'no',
    appears: ['tool', 'job'],
  },
  [ErrorCode.retryNotAllowed]: {
    meaning:
      'The operation forbids retries, no longer accepts the input, or needs a file that is gone. `details.code` has the code of the operation.',
    remedy: 'Start a new job.',
    retryable: 'no',
    appears: TOOL,
  },
  [ErrorCode.startFailed]: {
    meaning: 'Step Functions refused to start the job.',
    remedy:
      'Call again, with the same `idempotency_key` if you gave one. Ask the operator to read the log of the job.',
    retryable: 'yes',
    appears: ['tool', 'method', 'job'],
  },
  [ErrorCode.stepCrashed]: {
    meaning: 'The step ended without a report: a crash, no memory left, or a sandbox that stopped reporting.',
    remedy: 'Retry the job. If it crashes again, request less work or ask the operator for more memory.',
    retryable: 'sometimes',
    appears: JOB,
  },
  [ErrorCode.stepTimedOut]: {
    meaning: 'A step exceeded its time, or an API that it called did not finish.',
    remedy: 'Request less work, or try again.',
    retryable: 'sometimes',
    appears: JOB,
  },
  [ErrorCode.timedOut]: {
    meaning: 'A synchronous call exceeded its limit. `details.limit_seconds` has the limit.',
    remedy: 'Request less work, or call again.',
    retryable: 'yes',
    appears: TOOL,
  },
  [ErrorCode.unauthenticated]: {
    meaning: 'The request has no authenticated caller.',
    remedy: 'Send one `Authorization` header: an access token, or a signature (SigV4).',
    retryable: 'no',
    appears: [],
  },
  [ErrorCode.unsupportedMediaType]: {
    meaning: 'The content type of the body is not JSON.',
    remedy: 'Send `content-type: application/json`.',
    retryable: 'no',
    appears: [],
  },
  [ErrorCode.uploadTooLarge]: {
    meaning: 'The uploaded file is larger than the limit. `details.limit_bytes` has the limit.',
    remedy: 'Start again with a smaller file.',
    retryable: 'no',
    appears: JOB,
  },
  [ErrorCode.urlRefused]: {
    meaning: 'The URL has a scheme, a port or an address that is not allowed.',
    remedy: 'Give an https URL with a public address and an allowed port.',
    retryable: 'no',
    appears: ['tool', 'method', 'job'],
  },
  [ErrorCode.workspaceUnavailable]: {
    meaning: 'S3 did not read or write an object of the workspace.',
    remedy: 'Try again in a minute.',
    retryable: 'yes',
    appears: ['tool', 'method', 'job'],
  },
};
