/** Executions of Step Functions: started and stopped by job. */
import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  type SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { FinishedStep } from '../definition/finished-step.ts';
import type { OperationDefinition } from '../definition/operation-definition.ts';
import { isStateMachineOperation } from '../definition/operation-definition.ts';
import { HANDED_OVER } from '../definition/state-names.ts';
import { executionName, type Job } from '../jobs/job.ts';
import { requiredEnv, stateMachineArnEnv } from '../shared/env.ts';
import { type ExecutionOf, executionArn } from './execution-arn.ts';

/** What an execution of steps is started with: all that its steps know of the job. */
export type ExecutionInput = Pick<Job, 'jobId' | 'owner' | 'input'> & {
  /** Filled by the states: what each finished step returned, and where its log is. */
  readonly finished: Readonly<Record<string, FinishedStep>>;
};

/** How an execution has ended; its job should have, too. */
export type ExecutionEnd = ExecutionSucceeded | ExecutionFailed;

export interface ExecutionSucceeded {
  readonly status: 'SUCCEEDED';
  /** Epoch milliseconds. */
  readonly stoppedAtMs: number;
  /** JSON text. */
  readonly output?: string;
}

export interface ExecutionFailed {
  readonly status: 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  /** Epoch milliseconds. */
  readonly stoppedAtMs: number;
  /** The name of the error that it has failed with. */
  readonly error?: string;
  readonly cause?: string;
}

export type ExecutionState = ExecutionEnd | { readonly status: 'RUNNING' };

export function isOver(state: ExecutionState): state is ExecutionEnd {
  return state.status !== 'RUNNING';
}

export class Executions {
  readonly #client: SFNClient;
  /** The operations whose state machines are the operator's own. */
  readonly #foreign: ReadonlySet<string>;

  constructor(client: SFNClient, operations: readonly OperationDefinition[]) {
    this.#client = client;
    this.#foreign = new Set(operations.filter(isStateMachineOperation).map(({ name }) => name));
  }

  /** Starts a job's execution. Started twice it runs once: a name that is taken is success. */
  async start(job: Job): Promise<void> {
    const stateMachineArn = requiredEnv(stateMachineArnEnv(job.operation));
    // The operator's own knows nothing of us: it gets what the caller has given, and nothing else.
    const input = this.#foreign.has(job.operation) ? job.input : stepsInput(job);
    const start = new StartExecutionCommand({
      stateMachineArn,
      name: executionName(job),
      input: JSON.stringify(input),
    });
    try {
      const { executionArn: started = '' } = await this.#client.send(start);
      // Such an execution can be neither found again nor stopped.
      if (started.includes(':express:')) {
        throw new Error(
          `${stateMachineArn} is an Express state machine: define ${job.operation} as EXPRESS.`,
        );
      }
    } catch (error) {
      if (!(error instanceof ExecutionAlreadyExists)) throw error;
    }
  }

  /** @returns undefined when there is none */
  async find(job: ExecutionOf): Promise<ExecutionState | undefined> {
    try {
      const { status, stopDate, output, error, cause } = await this.#client.send(
        new DescribeExecutionCommand({ executionArn: executionArn(job) }),
      );
      // Whatever is not over yet, such as one that is redriven, is left alone.
      if (status === undefined || !stopDate || status === 'RUNNING' || status === 'PENDING_REDRIVE') {
        return { status: 'RUNNING' };
      }
      const stoppedAtMs = stopDate.getTime();
      return status === 'SUCCEEDED' ? { status, stoppedAtMs, output } : { status, stoppedAtMs, error, cause };
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

function stepsInput({ jobId, owner, input, handedOver }: Job): ExecutionInput {
  const finished: ExecutionInput['finished'] =
    handedOver === undefined ? {} : { [HANDED_OVER]: { result: handedOver } };
  return { jobId, owner, input, finished };
}
