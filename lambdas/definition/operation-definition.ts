/** Defines what an operation is: plain data from which the tools, the state machine, the function and its IAM are made. */
import type * as z from 'zod';
import { STEP_WRAP_UP_MS } from './state-names.ts';

/** One unit of work inside an operation, as its author writes it; the state of the same name runs it. */
export interface StepOptions {
  /**
   * Longest time for one attempt, in milliseconds: 1,000 to 840,000, one minute less than Lambda's limit.
   * @default 60,000
   */
  readonly timeoutMs?: number;
  /**
   * Further attempts after a failure marked `retryable`, 0 to 10. Lambda's own failures are always retried.
   * @default 0
   */
  readonly retries?: number;
  /**
   * What the step returns: later steps read it as `results.<step>`, with this type. A value of another shape fails the job
   * with `RESULT_INVALID`. @default any JSON
   */
  readonly output?: z.ZodType;
  /**
   * Longest wait for the answers to `requestInput` or for the file of `requestUpload`, in milliseconds: a second to a week.
   * Nothing runs meanwhile. @default the step may not call them
   */
  readonly inputTimeoutMs?: number;
  /**
   * Limits of the API calls (`apis.call`) that Step Functions makes for the step: nothing runs while an API works, nor
   * between two calls. Only the last step may have them, and only APIs that the operator allows at deploy
   * (`-c apiConnections=…`). @default the step may not call APIs
   */
  readonly calls?: CallLimits;
}

/** A step with its defaults filled in. */
export interface StepDefinition extends StepOptions {
  /** Milliseconds. */
  readonly timeoutMs: number;
}

export interface CallLimits {
  /** How many calls, at most 1,000: each makes some 14 of the 25,000 events that an execution may have. */
  readonly max: number;
  /** From the first call to the last, in milliseconds; a second to a week. */
  readonly periodMs: number;
}

/**
 * When a call of the operation answers with a result, and when with a job:
 * - `sync`: always with the result, or TIMED_OUT. One step, a function and nothing else.
 * - `sync_first`: with the result when the one step ends within the limit; else the step hands over to a job, which goes
 *   on where it was.
 * - `job`: always with a job.
 */
export type ExecutionPolicy =
  | { readonly mode: 'sync'; readonly limitMs: number }
  | { readonly mode: 'sync_first'; readonly limitMs: number; readonly maxWaitMs: number }
  | {
      readonly mode: 'job';
      /** The longest time in milliseconds that a caller may ask to wait (`wait_seconds`) before it gets the handle. */
      readonly maxWaitMs: number;
    };

/** How long a caller may wait for a job, in milliseconds; 0 where there are none. */
export function maxWaitMs(execution: ExecutionPolicy): number {
  return execution.mode === 'sync' ? 0 : execution.maxWaitMs;
}

/** The longest time in milliseconds that a start may take to answer. */
export function longestCallMs(execution: ExecutionPolicy): number {
  return maxWaitMs(execution) + (execution.mode === 'job' ? 0 : execution.limitMs);
}

/** What one invocation of the operation's function has at hand. */
export interface OperationResources {
  /** Memory in MiB; CPU grows with it (1,769 MiB is one vCPU). @default 512 */
  readonly memoryMb?: number;
  /** Space under /tmp in MiB. @default 512 */
  readonly storageMb?: number;
  /** May change the tables that the operator allows at deploy (`-c migrateTables=…`). @default false */
  readonly tables?: boolean;
  /** npm packages shipped whole beside the bundle, for code that runs them as programs. @default none */
  readonly packages?: readonly string[];
}

/** A workspace file that a result names, for which callers get a time-limited URL. */
export interface ResultFile {
  readonly key: string;
  /** For people and file systems: `hello-service.tar.gz`. */
  readonly name: string;
  readonly contentType: string;
  /** Bytes. */
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** A part of a result, as MCP's content has it. `data` and `blob` are base64. */
export type ResultContent =
  | { readonly type: 'image' | 'audio'; readonly data: string; readonly mimeType: string }
  | {
      readonly type: 'resource';
      readonly resource: { readonly uri: string; readonly mimeType: string } & (
        | { readonly text: string }
        | { readonly blob: string }
      );
    };

/** An object in the workspace without which a call is refused before a job exists. */
export interface RequiredObject {
  readonly key: string;
  /** A code of the operation's own, as in `OperationError`. */
  readonly code: string;
  readonly message: string;
}

/** The workspace files that a step has business with, by key. */
export interface StepFiles {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

/** What callers see of an operation, whatever does its work. */
export interface OperationBase<Input extends z.ZodObject = z.ZodObject, Result = unknown> {
  /** snake_case; the tool is `start_<name>`, or the name alone when a call may answer with the result. */
  readonly name: string;
  /** One word or two for people: "Build". */
  readonly title: string;
  /** For the model that decides whether to call it. */
  readonly description: string;
  readonly input: Input;
  /** MCP tool annotations of the start tool. */
  readonly annotations: {
    readonly readOnlyHint: boolean;
    readonly destructiveHint: boolean;
    readonly idempotentHint: boolean;
    readonly openWorldHint: boolean;
  };
  /**
   * Refuses clients of 2026 that do not take tasks, where they would get a job to follow by `check_job`. @default false
   */
  readonly requiresTasks?: boolean;
  // Methods, not properties: methods are bivariant, so that a catalogue can hold operations of every input and output.
  requires?(input: z.output<Input>): readonly RequiredObject[];
  /** The result as a model reads it. @default its JSON */
  text?(result: Result): string;
  /** What a model is to see or hear beside the text: small pictures, sounds and documents. @default nothing */
  content?(result: Result): readonly ResultContent[];
  files?(result: Result): readonly ResultFile[];
}

/** An operation whose work is steps, run by a function of its own. */
export interface StepsOperation<
  Input extends z.ZodObject = z.ZodObject,
  Output extends z.ZodObject = z.ZodObject,
  Steps extends Readonly<Record<string, StepOptions>> = Readonly<Record<string, StepOptions>>,
> extends OperationBase<Input, z.output<Output>> {
  readonly output: Output;
  readonly execution: ExecutionPolicy;
  /** In the order they run. The result of the last one is the job's result. */
  readonly steps: { readonly [Name in keyof Steps]: Steps[Name] & StepDefinition };
  /** The module that exports `handler`. @default `<name-in-kebab-case>/steps.lambda.ts` beside the catalogue */
  readonly handler?: URL;
  readonly resources?: OperationResources;
  /**
   * For steps that run code which nobody has reviewed: they run in a function that may do nothing on AWS, and get URLs for
   * these files alone, until the attempt ends. Do not trust what such steps return: derive keys from the input.
   */
  sandbox?(
    step: keyof Steps & string,
    job: { readonly input: z.output<Input>; readonly jobId: string },
  ): StepFiles;
}

/** An operation whose work is a state machine that exists already: the operator's own, which knows nothing of jobs. */
export interface StateMachineOperation<
  Input extends z.ZodObject = z.ZodObject,
  Output extends z.ZodType = z.ZodType,
> extends OperationBase<Input, z.output<Output>> {
  /** @default any JSON: what an execution puts out is not checked */
  readonly output?: Output;
  /** `job`: a Standard state machine. `sync`: an Express one. */
  readonly execution: Exclude<ExecutionPolicy, { mode: 'sync_first' }>;
  readonly stateMachine: {
    /** Where it is: its ARN, or its name in the stack's own account and region. What the operator maps at deploy comes first. */
    readonly arnOrName: string | undefined;
    /** Milliseconds; a job that has not ended by then is forgotten, whatever its execution does. */
    readonly longestRunMs: number;
  };
}

/** What a catalogue holds. */
export type OperationDefinition = StepsOperation | StateMachineOperation;

export function isStateMachineOperation(operation: OperationDefinition): operation is StateMachineOperation {
  return 'stateMachine' in operation;
}

/** For throttling and the backoff between tries: beside the steps' own limits. */
const RUN_SLACK_MS = 60 * 60_000;
/** The first try, and the one after a crash: beside those that the definition allows. */
const OWN_TRIES = 2;
/** How often a step may ask, each question waiting as long as it may. */
const QUESTION_ROUNDS = 5;

/** The longest time in milliseconds that a job of this operation can run. */
export function longestRunMs(operation: OperationDefinition): number {
  if ('stateMachine' in operation) return operation.stateMachine.longestRunMs;
  return Object.values(operation.steps).reduce((sum, { timeoutMs, retries = 0, inputTimeoutMs, calls }) => {
    const rounds = inputTimeoutMs === undefined ? 1 : 1 + QUESTION_ROUNDS;
    const tries = (timeoutMs + STEP_WRAP_UP_MS) * (OWN_TRIES + retries);
    return sum + tries * rounds + (inputTimeoutMs ?? 0) * QUESTION_ROUNDS + (calls?.periodMs ?? 0);
  }, RUN_SLACK_MS);
}
