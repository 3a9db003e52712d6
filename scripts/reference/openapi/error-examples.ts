/** Provides examples of errors for the OpenAPI document. */
import { ErrorCode } from '../../../lambdas/shared/errors.ts';

interface ErrorExample {
  readonly message: string;
  readonly retryable: boolean;
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

export const errorExamples: Readonly<Partial<Record<ErrorCode, ErrorExample>>> = {
  [ErrorCode.endpointInactive]: {
    message:
      'Nothing is sent to this endpoint: it is disabled or deleted, or its subscription has lapsed. Enable it first.',
    retryable: false,
  },
  [ErrorCode.insufficientScope]: {
    message: 'The access token lacks the scope webhooks:manage. Authorize again and request it.',
    retryable: false,
    details: { scope: 'webhooks:manage' },
  },
  [ErrorCode.invalidArguments]: {
    message: 'Invalid query parameters: limit: must be a whole number from 1 to 100.',
    retryable: false,
  },
  [ErrorCode.invalidCursor]: {
    message:
      'cursor: this list did not return it. Pass next_cursor unchanged, or leave it out to start at the beginning.',
    retryable: false,
  },
  [ErrorCode.jobAlreadyEnded]: {
    message: 'The job has already ended as completed. Call check_job to read its result.',
    retryable: false,
    details: { status: 'completed' },
  },
  [ErrorCode.jobNotEnded]: {
    message: 'The job is running. Wait until it ends or cancel it, then retry it.',
    retryable: false,
    details: { status: 'running' },
  },
  [ErrorCode.jobNotFound]: {
    message: 'Job not found: the id is wrong or the job has expired. Call list_jobs to find your jobs.',
    retryable: false,
  },
  [ErrorCode.resourceExhausted]: {
    message: 'The limit waiting_calls (5) is reached. Wait until one of your calls ends, then call again.',
    retryable: true,
    details: { limit: 'waiting_calls', max: 5, retry_after_ms: 2000 },
  },
  [ErrorCode.urlRefused]: {
    message: 'url: The scheme http is not allowed; use https.',
    retryable: false,
  },
};
