/** Offers what a person can do with a job: cancel it, retry it, or retry it from a step. Each asks before it acts. */
import { useState } from 'preact/hooks';
import type { JobDetails } from '../../shared/job.ts';
import { hasEnded } from '../../shared/job-status.ts';
import type { Api } from '../api.ts';
import { ConfirmButton } from '../confirm-button.tsx';
import { Problem } from '../problem.tsx';
import { useAction } from '../use-load.ts';
import { retrySteps } from './retry-steps.ts';

interface JobActionsProps {
  readonly api: Api;
  readonly job: JobDetails;
  readonly onChanged: () => void;
}

export function JobActions({ api, job, onChanged }: JobActionsProps) {
  const { job_id, status } = job;
  const { isBusy, error, run: runAction } = useAction();
  const [title, setTitle] = useState('');
  const [step, setStep] = useState('');
  const run = (problem: string, action: () => Promise<void>) => {
    setTitle(problem);
    return runAction(action);
  };
  const cancel = () =>
    run('The job could not be cancelled', async () => {
      await api.post(`/jobs/${job_id}/cancel`);
      onChanged();
    });
  const retry = () =>
    run('The job could not be retried', async () => {
      const { job_id: id } = await api.post<JobDetails>(
        `/jobs/${job_id}/retry`,
        step === '' ? {} : { from_step: step },
      );
      location.hash = `#/jobs/${encodeURIComponent(id)}`;
    });
  const steps = retrySteps(job);
  return (
    <div class="actions">
      {!hasEnded(status) && (
        <ConfirmButton
          label="Cancel the job"
          question="Its work stops, and the job ends as cancelled."
          disabled={isBusy}
          onConfirm={() => void cancel()}
        />
      )}
      {(status === 'failed' || status === 'cancelled') && (
        <>
          {steps.length > 1 && (
            <label class="retry-step">
              <span>From</span>
              <select value={step} onChange={({ currentTarget }) => setStep(currentTarget.value)}>
                <option value="">the step that {status === 'failed' ? 'failed' : 'stopped'}</option>
                {steps.map((name) => (
                  <option key={name} value={name}>
                    {name}
                  </option>
                ))}
              </select>
            </label>
          )}
          <ConfirmButton
            label={step === '' ? 'Retry' : `Retry from ${step}`}
            question="A new job begins with the same input. It takes over what earlier steps returned."
            disabled={isBusy}
            onConfirm={() => void retry()}
          />
        </>
      )}
      {error && <Problem title={title} error={error} />}
    </div>
  );
}
