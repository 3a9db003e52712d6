/** Shows the steps of a job as a list, each with its status, its duration and what went wrong. */
import { StatusBadge } from '../shared/status-badge.tsx';
import type { Timeline, TimelineStep } from './job-state.ts';
import { durationOf } from './words.ts';

export function Steps({ timeline: { steps } }: { readonly timeline: Timeline }) {
  return (
    <section aria-labelledby="steps">
      <h2 id="steps">Steps</h2>
      <ol class="steps">
        {steps.map((step) => (
          <StepRow key={step.step} step={step} />
        ))}
      </ol>
    </section>
  );
}

function StepRow({ step }: { readonly step: TimelineStep }) {
  const { attempts = [], waits = [] } = step;
  const failed = attempts.filter(({ error }) => error);
  const open = step.status === 'input_required' && waits.at(-1)?.answered_at === undefined;
  return (
    <li>
      <span class="step-name">{step.step}</span>
      <StatusBadge status={step.status} />
      <span class="step-time">{durationOf(step, Date.now())}</span>
      {attempts.length > 1 && <span class="step-note">{attempts.length} attempts</span>}
      {waits.length > 0 && !open && (
        <span class="step-note">asked {waits.length === 1 ? 'once' : `${waits.length} times`}</span>
      )}
      {/* The error of the last attempt is the error of the job. */}
      {failed.length > 0 && step.status !== 'failed' && (
        <span class="step-note" dir="auto">
          {failed.at(-1)?.error?.message}
        </span>
      )}
    </li>
  );
}
