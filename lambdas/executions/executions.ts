/** Starts, finds, lists and stops the Step Functions executions of jobs. */
import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  ListExecutionsCommand,
  type SFNClient,
  StartExecutionCommand,
  StateMachineDoesNotExist,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { FinishedStep } from '../definition/finished-step.ts';
import { isStateMachineOperation, type OperationDefinition } from '../definition/operation-definition.ts';
import { HANDED_OVER } from '../definition/state-names.ts';
import { executionName, type Job, logKeysOf } from '../jobs/job.ts';
import { stateMachineArn } from '../shared/env.ts';
import { log } from '../shared/observability/log.ts';
import { toJson } from '../shared/well-formed.ts';
import { type ExecutionOf, executionArn } from './execution-arn.ts';

/** Input of an execution of steps: the part of the job that its steps see. */
export type ExecutionInput = Pick<Job, 'jobId' | 'owner' | 'input' | 'trace'> & {
  /** Results and log locations of finished steps; the states fill it. */
  readonly finished: Readonly<Record<string, FinishedStep>>;
};

/** The end of an execution. */
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
  /** Name of the error. */
  readonly error?: string;
  readonly cause?: string;
}

export type ExecutionState = ExecutionEnd | { readonly status: 'RUNNING' };

export function isOver(state: ExecutionState): state is ExecutionEnd {
  return state.status !== 'RUNNING';
}

/** Step Functions refused a start, and will refuse it again. Any other error of a start can pass. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused';
}

/** Errors of StartExecution that last until somebody changes the state machine, its key or a policy. */
const REFUSALS: ReadonlySet<string> = new Set([
  'AccessDeniedException',
  'InvalidArn',
  'InvalidExecutionInput',
  'InvalidName',
  'KmsAccessDeniedException',
  'KmsInvalidStateException',
  'StateMachineDeleting',
  'StateMachineDoesNotExist',
  'ValidationException',
]);

/** A page of a state machine's running executions. */
export interface RunningPage {
  readonly names: readonly string[];
  /** Start of the oldest one, in epoch milliseconds; undefined for an empty page. */
  readonly oldestMs?: number;
  /** Token of the next page. */
  readonly next?: string;
}

/** Step Functions' largest page. */
const PAGE = 1_000;

export class Executions {
  readonly #client: SFNClient;
  /** Names of operations with external state machines. */
  readonly #external: ReadonlySet<string>;

  constructor(client: SFNClient, operations: readonly OperationDefinition[]) {
    this.#client = client;
    this.#external = new Set(operations.filter(isStateMachineOperation).map(({ name }) => name));
  }

  /**
   * Opens the connection for starts, and loads their code. Step Functions refuses the request, because its action does not exist.
   * Never throws.
   */
  async connect(): Promise<void> {
    const command = new StartExecutionCommand({ stateMachineArn: undefined });
    command.middlewareStack.add(
      (next) => (args) => {
        const { headers } = args.request as { readonly headers: Record<string, string> };
        headers['x-amz-target'] = 'AWSStepFunctions.None';
        return next(args);
      },
      { step: 'build' },
    );
    await this.#client.send(command).catch(() => {});
  }

  /**
   * Starts a job's execution. A second start has no effect: the name is already taken.
   * @returns false when the execution existed before and has probably ended; a running one counts as started
   * @throws StartRefused when no later start can succeed
   */
  async start(job: Job): Promise<boolean> {
    const machineArn = stateMachineArn(job.operation);
    // An external state machine gets the caller's arguments only.
    const input = this.#external.has(job.operation) ? job.input : stepsInput(job);
    const start = new StartExecutionCommand({
      stateMachineArn: machineArn,
      name: executionName(job),
      input: toJson(input),
    });
    try {
      const { executionArn: started = '' } = await this.#client.send(start);
      // An asynchronous Express execution can neither be found nor stopped.
      if (started.includes(':express:')) {
        throw new StartRefused(
          `${machineArn} is an Express state machine. Define ${job.operation} with type EXPRESS.`,
        );
      }
      log.info('Execution started', logKeysOf(job));
      return true;
    } catch (error) {
      if (error instanceof ExecutionAlreadyExists) {
        log.debug('The execution existed before', logKeysOf(job));
        return false;
      }
      const { name, message } = error as Error;
      if (REFUSALS.has(name)) throw new StartRefused(`${name}: ${message}`, { cause: error });
      throw error;
    }
  }

  /**
   * Lists the running executions of an operation's state machine, at most a thousand a call, the newest first. The list is
   * eventually consistent: it can lack an execution that has just started.
   * @param after token of the page
   * @returns an empty page when the state machine was deleted
   */
  async running(operation: string, after?: string): Promise<RunningPage> {
    const list = new ListExecutionsCommand({
      stateMachineArn: stateMachineArn(operation),
      statusFilter: 'RUNNING',
      maxResults: PAGE,
      nextToken: after,
    });
    try {
      const { executions = [], nextToken } = await this.#client.send(list);
      return {
        names: executions.map(({ name = '' }) => name),
        oldestMs: executions.at(-1)?.startDate?.getTime(),
        next: nextToken,
      };
    } catch (error) {
      if (error instanceof StateMachineDoesNotExist) return { names: [] };
      throw error;
    }
  }

  /** @returns the state of a job's execution; undefined when it does not exist */
  async find(job: ExecutionOf): Promise<ExecutionState | undefined> {
    try {
      const { status, stopDate, output, error, cause } = await this.#client.send(
        new DescribeExecutionCommand({ executionArn: executionArn(job) }),
      );
      // An execution that a redrive restarts is still running.
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

  /** Stops a job's execution. No further state starts; a running step notices that its job has ended and stops. */
  async stop(job: Job, cause: string): Promise<void> {
    try {
      await this.#client.send(
        new StopExecutionCommand({
          executionArn: executionArn(job),
          error: 'JobCancelled',
          cause,
        }),
      );
      log.info('Execution stopped', logKeysOf(job));
    } catch (error) {
      // The execution never started, or it ended long ago.
      if (!(error instanceof ExecutionDoesNotExist)) throw error;
    }
  }
}

function stepsInput({ jobId, owner, input, trace, handedOver, reused = {} }: Job): ExecutionInput {
  const results = { ...reused, ...(handedOver !== undefined && { [HANDED_OVER]: handedOver }) };
  const finished = Object.fromEntries(Object.entries(results).map(([step, result]) => [step, { result }]));
  // For people who look at the execution. Steps read the record, so that a deploy may change what an execution begins with.
  return { jobId, owner, input, ...(trace && { trace }), finished };
}
