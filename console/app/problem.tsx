/** Shows why a request failed: what happened, and the remedy. */
import { ErrorNotice } from '../shared/error-notice.tsx';
import { describeFailure } from './api-error.ts';

interface ProblemProps {
  /** What the person wanted, such as "The jobs could not be read". */
  readonly title: string;
  readonly error: Error;
  readonly onRetry?: (() => void) | undefined;
}

export function Problem({ title, error, onRetry }: ProblemProps) {
  return (
    <ErrorNotice title={title} error={describeFailure(error)} urgent>
      {onRetry && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </ErrorNotice>
  );
}
