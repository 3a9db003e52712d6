/** Says in words what the card shows. */
import { readable } from '../shared/question-fields.ts';
import type { CardState } from './card-controller.ts';
import type { CardJob, TimelineStep } from './job-state.ts';

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

/** Returns how long a step took or has been taking; undefined before it begins. */
export function durationOf(
  { started_at, ended_at }: Pick<TimelineStep, 'started_at' | 'ended_at'>,
  now: number,
) {
  if (started_at === undefined) return undefined;
  return formatDuration((ended_at === undefined ? now : Date.parse(ended_at)) - Date.parse(started_at));
}

/** @returns such as "0.4 s", "12 s", "3 min 5 s", "2 h 1 min" */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${Math.floor(seconds * 10) / 10} s`;
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes} min ${whole % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** @returns such as "1.2 MB" */
export function formatSize(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`;
}
