/** Defines what the API shows to operators, and its words on the page. */
import type { JobStatus, Receipt, Timeline, TraceView } from '../../shared/job.ts';

/** A job without its content. Times are ISO 8601. */
export interface OperatorJob {
  readonly job_id: string;
  readonly owner: string;
  readonly operation: string;
  readonly status: JobStatus;
  readonly progress?: number;
  readonly step?: string;
  readonly error?: { readonly code: string; readonly step?: string; readonly retryable: boolean };
  readonly retried_from?: string;
  readonly timeline?: Timeline;
  readonly trace?: TraceView;
  readonly receipt?: Receipt;
  readonly created_at: string;
  readonly started_at?: string;
  readonly updated_at?: string;
  readonly ended_at?: string;
  readonly expires_at: string;
}

export interface OperatorJobPage {
  readonly jobs: readonly OperatorJob[];
  readonly next_cursor?: string;
}

/** A delivery without URLs and responses. */
export interface OperatorDelivery {
  readonly delivery_id: string;
  readonly job_id?: string;
  readonly owner: string;
  readonly endpoint_id: string;
  readonly event: { readonly id: string; readonly type: string };
  readonly status: string;
  readonly attempt_count: number;
  readonly last_attempt?: { readonly at: string; readonly http_status?: number; readonly error?: string };
}

export interface DeadLetters {
  readonly queues: readonly { readonly name: string; readonly messages: number }[];
  readonly deliveries: readonly OperatorDelivery[];
}

export interface Findings {
  readonly swept_at?: string;
  readonly findings: readonly {
    readonly finding: string;
    readonly found_at: string;
    readonly job_id: string;
    readonly job?: OperatorJob;
  }[];
}

/** What the messages of each queue are, and what to do. */
export const QUEUES: Readonly<Record<string, string>> = {
  answers: 'Answers whose execution was not resumed. Read the log of the job resumer.',
  deliveries: 'Deliveries that failed in every attempt. Check the receivers, then replay or redrive them.',
  events: 'Events that were not published. Read the log of the publisher, then redrive them.',
  executions: 'Executions that could not be started or stopped. Check the quotas of Step Functions.',
};

export const FINDINGS: Readonly<Record<string, string>> = {
  start_lost: 'Had not started; started it',
  start_refused: 'Cannot start; failed it',
  end_lost: 'Its execution had ended; recorded the end',
  upload_lost: 'Its file had arrived; resumed it',
  operation_removed: 'Its operation was removed; failed it',
};
