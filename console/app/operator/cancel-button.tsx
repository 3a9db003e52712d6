/** Cancels the job of another owner, after a question. */
import { useState } from 'preact/hooks';
import type { Api } from '../api.ts';
import { ConfirmButton } from '../confirm-button.tsx';
import { Problem } from '../problem.tsx';
import { useAction } from '../use-load.ts';
import { isOpen } from './job-list.ts';
import type { OperatorJob } from './views.ts';

export interface CancelButtonProps {
  readonly api: Api;
  readonly job: OperatorJob;
  readonly onCancelled: (job: OperatorJob) => void;
}

export function CancelButton({ api, job, onCancelled }: CancelButtonProps) {
  const { isBusy, error, run } = useAction();
  const [isCancelled, setIsCancelled] = useState(false);
  const { job_id: id, operation, owner } = job;
  return (
    <>
      {isOpen(job) && (
        <ConfirmButton
          label="Cancel job"
          question={`Cancel this job (${operation} of ${owner})? It cannot be undone, and the act is logged.`}
          disabled={isBusy}
          onConfirm={() =>
            run(async () => {
              const path = `/operator/jobs/${encodeURIComponent(id)}/cancel`;
              onCancelled(await api.post<OperatorJob>(path));
              setIsCancelled(true);
            })
          }
        />
      )}
      {isCancelled && <p role="status">The job is cancelled.</p>}
      {error && <Problem title="The job could not be cancelled" error={error} />}
    </>
  );
}
