/** Says in words what the card shows. */
import { readable } from '../shared/question-fields.ts';
import type { CardState } from './card-controller.ts';
import type { CardJob } from './job-state.ts';

/** Returns the name of what the job does, such as "Build". */
export function titleOf({ job, title }: Pick<CardState, 'job' | 'title'>): string {
  return title ?? (job?.operation ? readable(job.operation) : 'Job');
}

/** Returns what a screen reader announces: it changes with the status and the step, not with each percent. */
export function announcementOf(state: Pick<CardState, 'job' | 'title' | 'connection'>): string {
  const { job, connection } = state;
  if (!job) return connection === 'silent' ? 'The host does not answer.' : '';
  const name = [titleOf(state), job.subject].filter(Boolean).join(' ');
  switch (job.status) {
    case 'pending':
      return `${name} has not begun yet.`;
    case 'running':
      return `${name} is running${inStep(job)}.`;
    case 'input_required':
      return `${name} waits for you: ${job.requests.map(([, { message }]) => message).join(' ')}`;
    case 'completed':
      return `${name} has completed.`;
    case 'failed':
      return `${name} has failed${inStep({ step: job.error?.step ?? job.step })}. ${job.error?.message ?? ''}`;
    case 'cancelled':
      return `${name} was cancelled.`;
  }
}

function inStep({ step }: Pick<CardJob, 'step'>): string {
  return step ? `, step ${step}` : '';
}
