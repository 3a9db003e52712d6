/** Shows why a request failed: what happened, and the remedy. */
import { ErrorNotice } from '../shared/error-notice.tsx';
import { ApiError } from './api.ts';

interface ProblemProps {
  /** What the person wanted, such as "The jobs could not be read". */
  readonly title: string;
  readonly error: Error;
  readonly onRetry?: (() => void) | undefined;
}

export function Problem({ title, error, onRetry }: ProblemProps) {
  // Without a response, the browser says only that it failed.
  const view =
    error instanceof ApiError
      ? { code: error.code, message: error.message, retryable: error.retryable }
      : { code: 'NO_RESPONSE', message: `The API did not respond (${error.message}). Check the connection.` };
  return (
    <ErrorNotice title={title} error={view} urgent>
      {onRetry && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </ErrorNotice>
  );
}
