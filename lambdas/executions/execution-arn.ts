/** The ARN of a job's execution: Step Functions makes it of the machine's ARN and the execution's name. */

import { executionName, type Job } from '../jobs/job.ts';
import { requiredEnv, stateMachineArnEnv } from '../shared/env.ts';

/** What an execution is found by. */
export type ExecutionOf = Pick<Job, 'jobId' | 'operation' | 'idempotent' | 'createdAt'>;

export function executionArn(job: ExecutionOf): string {
  const machine = requiredEnv(stateMachineArnEnv(job.operation));
  return `${machine.replace(':stateMachine:', ':execution:')}:${executionName(job)}`;
}
