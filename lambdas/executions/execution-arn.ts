/** Builds the ARN of a job's execution from the ARN of its state machine. */

import { executionName, type Job } from '../jobs/job.ts';
import { stateMachineArn } from '../shared/env.ts';

/** The fields of a job that identify its execution. */
export type ExecutionOf = Pick<Job, 'jobId' | 'operation' | 'idempotent' | 'createdAt'>;

export function executionArn(job: ExecutionOf): string {
  const machine = stateMachineArn(job.operation);
  return `${machine.replace(':stateMachine:', ':execution:')}:${executionName(job)}`;
}
