/** Names the shapes that the pages read: views of the management API and results of the tools. */
import type { JobStatus } from '../../lambdas/jobs/job.ts';
import type { JobView } from '../../lambdas/jobs/job-view.ts';
import type { TraceView } from '../../lambdas/jobs/trace-view.ts';
import type { Receipt } from '../../lambdas/receipt/price-lines.ts';
import type { FileLink } from '../../lambdas/workspace/workspace-links.ts';

export type { FileLink, JobStatus, JobView, Receipt, TraceView };

/** A job in a list. Its subject, such as `project`, is a property too. */
export interface JobSummary {
  readonly job_id: string;
  readonly operation: string;
  readonly status: JobStatus;
  readonly created_at: string;
  readonly started_at?: string;
  readonly ended_at?: string;
  readonly expires_at: string;
}

/** An operation of this deployment, as `GET /operations` lists it. */
export interface OperationInfo {
  readonly name: string;
  readonly title: string;
  /** The property of jobs that says what they are about. */
  readonly subject?: string;
}

/** The timeline of a job. All times are ISO 8601. */
export interface Timeline {
  readonly queued_ms?: number | undefined;
  readonly steps: readonly TimelineStep[];
}

export interface TimelineStep {
  readonly step: string;
  readonly status: JobStatus | 'reused';
  readonly started_at?: string | undefined;
  readonly ended_at?: string | undefined;
  readonly attempts?: readonly StepAttempt[] | undefined;
  readonly attempts_omitted?: number | undefined;
  readonly waits?:
    | readonly { readonly asked_at: string; readonly answered_at?: string | undefined }[]
    | undefined;
}

export interface StepAttempt {
  readonly started_at: string;
  readonly ended_at?: string | undefined;
  /** Operators see no message. */
  readonly error?: { readonly code: string; readonly message?: string } | undefined;
}

/** A job as `GET /jobs/{job_id}` shows it. */
export interface JobDetails extends JobView {
  readonly timeline?: Timeline;
  readonly files?: readonly FileLink[];
  readonly retried_from?: string;
  readonly trace?: TraceView;
  /** What the job cost. */
  readonly receipt?: Receipt;
}
