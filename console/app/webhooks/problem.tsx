/** Shows why a request failed, with the remedy, and lets the reader try again. */
import { ApiError } from '../api.ts';

export interface ProblemProps {
  /** Shows nothing without an error. */
  readonly error: unknown;
  readonly retry?: () => void;
}

export function Problem({ error, retry }: ProblemProps) {
  if (error === undefined) return null;
  const code = error instanceof ApiError ? error.code : 'UNREACHABLE';
  const message =
    error instanceof ApiError
      ? error.message
      : 'The API cannot be reached. Check the connection and try again.';
  return (
    <div class="problem" role="alert">
      <p>
        <strong>{code}</strong> {message}
      </p>
      {retry && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}
