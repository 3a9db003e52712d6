/** What an operation is: plain data that the tools, the state machine, the function and its IAM are made from. */
import type * as z from 'zod';
import type { ErrorCode } from '../shared/errors.ts';
import { checkDefinition, NAME } from './validate-definition.ts';
import type { StateMachineOperation } from './state-machine-operation.ts';

/** One unit of work inside an operation; the state of the same name runs it. */
export interface StepDefinition {
  /** Longest time for one attempt, in milliseconds; at most 14 minutes, under Lambda's own 15. */
  readonly timeoutMs: number;
  /**
   * Further attempts after a failure marked `retryable`. Failures of Lambda itself are always tried again.
   * @default 0
   */
  readonly retries?: number;
  /**
   * How long in milliseconds what the step asks (`requestInput`) waits for answers; a second to a week. Nothing runs while
   * it does. @default the step asks nothing
   */
  readonly inputTimeoutMs?: number;
  /**
   * Has APIs called (`apis.call`) that the operator allows at deploy (`-c apiConnections=…`), by Step Functions: nothing runs
   * while they work, nor between two calls. The last step may. @default the step calls none
   */
  readonly calls?: CallLimits;
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

/** Under which a job finds in `results` what the call before it has handed over. */
export const HANDED_OVER = 'call';

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
  readonly code: ErrorCode;
  readonly message: string;
}

/** The workspace files that a step has business with, by key. */
export interface StepFiles {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

/** What callers see of an operation, whatever does its work. */
export interface OperationFace<Input extends z.ZodObject = z.ZodObject, Result = unknown> {
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

/** An operation whose work is steps of ours, in a folder beside the catalogue: the name in kebab-case. */
export interface StepsOperation<
  Input extends z.ZodObject = z.ZodObject,
  Output extends z.ZodObject = z.ZodObject,
  StepName extends string = string,
> extends OperationFace<Input, z.output<Output>> {
  readonly output: Output;
  readonly execution: ExecutionPolicy;
  /** In the order they run. What the last one returns is the job's result. */
  readonly steps: Readonly<Record<StepName, StepDefinition>>;
  readonly resources?: OperationResources;
  /**
   * For steps that run code which is not ours: they get a function of their own that may do nothing on AWS, and for these
   * files alone URLs that end with the attempt. What steps return is not to be believed: keys follow from what we know.
   */
  sandbox?(step: StepName, job: { readonly input: z.output<Input>; readonly jobId: string }): StepFiles;
}

/** What a catalogue holds. */
export type OperationDefinition = StepsOperation | StateMachineOperation;

/**
 * Between a step's own limit and its function's: to stop child processes, upload the log and write the failure, so that
 * a step that runs out of time says so itself.
 */
export const STEP_WRAP_UP_MS = 20_000;

/** The names of the errors by which a step's function tells its state to try again: as the definition says, or always. */
export const RETRYABLE_STEP_ERROR = 'RetryableStepError';
export const STEP_INTERRUPTED = 'StepInterrupted';
/** The step has asked something: its execution is to wait for the answers. */
export const INPUT_REQUIRED = 'InputRequired';
/** There is nothing to wait for any more. */
export const INPUT_ANSWERED = 'InputAnswered';

/** The state that waits for the answers to what a step has asked. */
export function inputState(step: string): string {
  return `${step}_input`;
}

/** The state that has one API called for a step, with the request's body or without; or the one that waits before it. */
export function callState(
  step: string,
  { connection, hasBody, waits }: { connection: string; hasBody: boolean; waits: boolean },
): string {
  return `${step}_${connection}${hasBody ? '_body' : ''}${waits ? '_wait' : ''}`;
}

const MAX_STEP_TIMEOUT_MS = 14 * 60_000;
/** With 16 KiB a step and 64 KiB of input, a state stays below Step Functions' 256 KiB. */
const MAX_STEPS = 8;
const MAX_RETRIES = 10;
const MIN_INPUT_TIMEOUT_MS = 1_000;
/** The longest that a question may wait. */
export const MAX_INPUT_TIMEOUT_MS = 7 * 24 * 60 * 60_000;
const MAX_CALLS = 1_000;
const MAX_CALLS_PERIOD_MS = 7 * 24 * 60 * 60_000;
const RESERVED_STATES: ReadonlySet<string> = new Set(['record_failure', 'failed', HANDED_OVER]);

/**
 * Checks a definition and returns it with its types.
 * @throws Error naming the field, the value received and the remedy; at import, so that neither `cdk synth` nor a
 *   function starts with a broken catalogue.
 */
export function defineOperation<
  Input extends z.ZodObject,
  Output extends z.ZodObject,
  StepName extends string,
>(definition: StepsOperation<Input, Output, StepName>): StepsOperation<Input, Output, StepName> {
  const { name, steps, execution } = definition;
  checkDefinition(definition);
  const entries = Object.entries<StepDefinition>(steps);
  if (entries.length < 1 || entries.length > MAX_STEPS) {
    throw new Error(`Operation "${name}" has ${entries.length} steps: give it 1 to ${MAX_STEPS}.`);
  }
  if (execution.mode !== 'job' && entries.length > 1) {
    throw new Error(
      `Operation "${name}" has ${entries.length} steps: with mode ${execution.mode} give it one.`,
    );
  }
  const inputStates = entries.map(([step]) => inputState(step));
  if (definition.sandbox && entries.some(([, { inputTimeoutMs }]) => inputTimeoutMs !== undefined)) {
    throw new Error(
      `Operation "${name}" asks from a sandbox: take inputTimeoutMs out, or ask in an operation of its own.`,
    );
  }
  if (definition.sandbox && entries.some(([, { calls }]) => calls)) {
    throw new Error(`Operation "${name}" has APIs called from a sandbox: do it in an operation of its own.`);
  }
  for (const [index, [step, { calls }]] of entries.entries()) {
    if (!calls) continue;
    if (index < entries.length - 1 || execution.mode !== 'job') {
      throw new Error(`Step "${step}" of operation "${name}" has calls: only the last step of a job may.`);
    }
    const { max, periodMs } = calls;
    if (!(max >= 1 && max <= MAX_CALLS && periodMs >= 1_000 && periodMs <= MAX_CALLS_PERIOD_MS)) {
      throw new Error(
        `Step "${step}" of operation "${name}" has calls ${max} in ${periodMs} ms: give 1 to ${MAX_CALLS}, in 1,000 to ${MAX_CALLS_PERIOD_MS} ms.`,
      );
    }
  }
  for (const [step, { timeoutMs, retries = 0, inputTimeoutMs = MAX_INPUT_TIMEOUT_MS }] of entries) {
    if (!NAME.test(step) || RESERVED_STATES.has(step) || inputStates.includes(step)) {
      throw new Error(
        `Step "${step}" of operation "${name}" must be snake_case, and not the name of a state of ours.`,
      );
    }
    if (!(Number.isInteger(retries) && retries >= 0 && retries <= MAX_RETRIES)) {
      throw new Error(
        `Step "${step}" of operation "${name}" has retries ${retries}: give 0 to ${MAX_RETRIES}.`,
      );
    }
    if (!(timeoutMs >= 1_000 && timeoutMs <= MAX_STEP_TIMEOUT_MS)) {
      throw new Error(
        `Step "${step}" of operation "${name}" has timeoutMs ${timeoutMs}: give 1,000 to ${MAX_STEP_TIMEOUT_MS}.`,
      );
    }
    if (!(inputTimeoutMs >= MIN_INPUT_TIMEOUT_MS && inputTimeoutMs <= MAX_INPUT_TIMEOUT_MS)) {
      throw new Error(
        `Step "${step}" of operation "${name}" has inputTimeoutMs ${inputTimeoutMs}: give ${MIN_INPUT_TIMEOUT_MS} to ${MAX_INPUT_TIMEOUT_MS}.`,
      );
    }
  }
  return definition;
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
