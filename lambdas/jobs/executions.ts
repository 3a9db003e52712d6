/** Executions of Step Functions: started and stopped by job. */
import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  type SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { HANDED_OVER } from '../operations/define-operation.ts';
import type { FinishedStep } from '../operations/step-output.ts';
import { requiredEnv, stateMachineArnEnv } from '../shared/env.ts';
import { executionName, type Job } from './job.ts';

/** What an execution is started with: all that its steps know of the job. */
export type ExecutionInput = Pick<Job, 'jobId' | 'owner' | 'input'> & {
  /** Filled by the states: what each finished step returned, and where its log is. */
  readonly finished: Readonly<Record<string, FinishedStep>>;
};

/** How an execution has ended; its job should have, too. */
export interface ExecutionEnd {
  readonly status: 'FAILED' | 'TIMED_OUT' | 'ABORTED' | 'SUCCEEDED';
  /** Epoch milliseconds. */
  readonly stoppedAtMs: number;
}

export type ExecutionState = ExecutionEnd | { readonly status: 'RUNNING' };

export function isOver(state: ExecutionState): state is ExecutionEnd {
  return state.status !== 'RUNNING';
}

/** What an execution is found by. */
export type ExecutionOf = Pick<Job, 'jobId' | 'operation' | 'idempotent' | 'createdAt'>;

export class Executions {
  readonly #client: SFNClient;

  constructor(client: SFNClient) {
    this.#client = client;
  }

  /** Starts a job's execution. Started twice it runs once: a name that is taken is success. */
  async start(job: Job): Promise<void> {
    const { jobId, owner, handedOver } = job;
    const finished: ExecutionInput['finished'] =
      handedOver === undefined ? {} : { [HANDED_OVER]: { result: handedOver } };
    const input: ExecutionInput = { jobId, owner, input: job.input, finished };
    try {
      await this.#client.send(
        new StartExecutionCommand({
          stateMachineArn: requiredEnv(stateMachineArnEnv(job.operation)),
          name: executionName(job),
          input: JSON.stringify(input),
        }),
      );
    } catch (error) {
      if (!(error instanceof ExecutionAlreadyExists)) throw error;
    }
  }

  /** @returns undefined when there is none */
  async find(job: ExecutionOf): Promise<ExecutionState | undefined> {
    try {
      const { status, stopDate } = await this.#client.send(
        new DescribeExecutionCommand({ executionArn: executionArn(job) }),
      );
      // Whatever is not over yet, such as one that is redriven, is left alone.
      if (status === undefined || !stopDate || status === 'RUNNING' || status === 'PENDING_REDRIVE') {
        return { status: 'RUNNING' };
      }
      return { status, stoppedAtMs: stopDate.getTime() };
    } catch (error) {
      if (error instanceof ExecutionDoesNotExist) return undefined;
      throw error;
    }
  }

  /** Stops a job's execution. No further state starts; a step that runs sees its job ended and stops itself. */
  async stop(job: Job, cause: string): Promise<void> {
    try {
      await this.#client.send(
        new StopExecutionCommand({
          executionArn: executionArn(job),
          error: 'JobCancelled',
          cause,
        }),
      );
    } catch (error) {
      // Never started, or long over: there is nothing to stop.
      if (!(error instanceof ExecutionDoesNotExist)) throw error;
    }
  }
}

function executionArn(job: ExecutionOf): string {
  const machine = requiredEnv(stateMachineArnEnv(job.operation));
  return `${machine.replace(':stateMachine:', ':execution:')}:${executionName(job)}`;
}
