/** Defines operations as plain data. The construct creates tools, state machines, functions and IAM permissions from it. */
import type * as z from 'zod';
import { STEP_WRAP_UP_MS } from './state-names.ts';

/** Options of a step, one unit of work in an operation. The state with the step's name runs it. */
export interface StepOptions {
  /**
   * Timeout of one attempt in milliseconds, 1,000 to 840,000: one minute less than Lambda's limit. A timeout fails the job with
   * `STEP_TIMED_OUT`.
   * @default 60,000
   */
  readonly timeoutMs?: number;
  /**
   * Retries after a failure marked `retryable`, 0 to 10. Failures of Lambda itself are always retried.
   * @default 0
   */
  readonly retries?: number;
  /**
   * Memory in MiB of the function that runs the step, 128 to 10,240. Each other memory adds one function to the operation. For
   * steps without a sandbox, the app can choose another memory at deploy (`functions.<operation>.memoryMb`).
   * @default `resources.memoryMb`
   */
  readonly memoryMb?: number;
  /**
   * Schema of the step's result. Later steps read the result as `results.<step>` with this type. A result that does not match
   * fails the job with `RESULT_INVALID`.
   * @default any JSON
   */
  readonly output?: z.ZodType;
  /**
   * Longest wait for answers to `requestInput` or for the file of `requestUpload`, in milliseconds: 1,000 to 604,800,000 (a
   * week). No function runs during the wait. Without answers the job fails with `INPUT_TIMED_OUT`. A step in a sandbox cannot wait.
   * @default the step cannot call `requestInput` or `requestUpload`
   */
  readonly inputTimeoutMs?: number;
  /**
   * Limits of the API calls (`apis.call`) that Step Functions makes for the step. No function runs during or between calls.
   * Only the last step can have calls, in mode `job` and without a sandbox. The operator allows APIs at deploy
   * (`-c apiConnections=…`).
   * @default the step cannot call APIs
   */
  readonly calls?: CallLimits;
}

/** A step with its defaults. */
export interface StepDefinition extends StepOptions {
  /** Timeout of one attempt in milliseconds. */
  readonly timeoutMs: number;
}

/** Limits of a step's API calls. A call beyond them fails the job with `STEP_TIMED_OUT`. */
export interface CallLimits {
  /** Number of calls, 1 to 1,000. A call adds about 14 events to an execution, which can have 25,000. */
  readonly max: number;
  /** Time from the first call to the last, in milliseconds: 1,000 to 604,800,000 (a week). */
  readonly periodMs: number;
}

/**
 * Whether a call of an operation returns a result or a job. All times are whole seconds in milliseconds: `limitMs` at most
 * 50,000, `maxWaitMs` at most 60,000. A `maxWaitMs` above 50,000 acts as 50,000, because many clients stop listening after 60 s.
 * - `sync`: always the result, or the error `TIMED_OUT` after `limitMs`. It needs exactly one step.
 * - `sync_first`: the result when the one step ends within `limitMs`. Otherwise the step hands over to a job, which continues
 *   its work.
 * - `job`: always a job.
 */
export type ExecutionPolicy =
  | { readonly mode: 'sync'; readonly limitMs: number }
  | { readonly mode: 'sync_first'; readonly limitMs: number; readonly maxWaitMs: number }
  | {
      readonly mode: 'job';
      /** Longest wait that a caller can request (`wait_seconds`, at most 50) before the call returns the job. */
      readonly maxWaitMs: number;
    };

/** @returns the name of the operation's tool */
export function toolNameOf({
  name,
  toolName,
  execution,
}: Pick<OperationDefinition, 'name' | 'toolName' | 'execution'>): string {
  return toolName ?? (execution.mode === 'job' ? `start_${name}` : name);
}

/** Longest time that one call waits. Many clients stop listening after 60 s, and the call itself needs some of these. */
export const LONGEST_CALL_MS = 50_000;

/** @returns the longest wait for a job in milliseconds; 0 for an operation without jobs */
export function maxWaitMs(execution: ExecutionPolicy): number {
  return execution.mode === 'sync' ? 0 : Math.min(execution.maxWaitMs, LONGEST_CALL_MS);
}

/** @returns the longest wait of a start call in milliseconds, after the time in which it tries to return the result */
export function maxStartWaitMs(execution: ExecutionPolicy): number {
  const limitMs = execution.mode === 'sync_first' ? execution.limitMs : 0;
  return Math.min(maxWaitMs(execution), LONGEST_CALL_MS - limitMs);
}

/** @returns the longest time of a call in milliseconds */
export function longestCallMs(execution: ExecutionPolicy): number {
  const limitMs = execution.mode === 'job' ? 0 : execution.limitMs;
  return Math.max(maxStartWaitMs(execution) + limitMs, maxWaitMs(execution));
}

/** Resources of an operation's Lambda function. */
export interface OperationResources {
  /** Memory in MiB, 128 to 10,240, of steps without their own. CPU grows with memory: 1,769 MiB give one vCPU. @default 512 */
  readonly memoryMb?: number;
  /** Size of /tmp in MiB, 512 to 10,240. @default 512 */
  readonly storageMb?: number;
  /** Grants access to the tables that the operator allows at deploy (`-c migrateTables=…`). @default false */
  readonly tables?: boolean;
  /**
   * npm packages to ship unbundled: native modules, and packages that run as programs. Also add them to `dependencies` of your
   * package.json.
   * @default none
   */
  readonly packages?: readonly string[];
}

/** A workspace file of a result. Callers get a time-limited URL for it when they ask for one. */
export interface ResultFile {
  /** Workspace key, without a leading slash. */
  readonly key: string;
  /** File name for people, such as `hello-service.tar.gz`. */
  readonly name: string;
  /** Media type, such as `application/gzip`. */
  readonly contentType: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256, hexadecimal. */
  readonly sha256: string;
}

/** A content block of MCP. `data` and `blob` are base64. */
export type ResultContent =
  | { readonly type: 'image' | 'audio'; readonly data: string; readonly mimeType: string }
  | {
      readonly type: 'resource';
      readonly resource: { readonly uri: string; readonly mimeType: string } & (
        | { readonly text: string }
        | { readonly blob: string }
      );
    };

/** A workspace object that must exist. Without it the call fails with `code` and `message`, and no job starts. */
export interface RequiredObject {
  /** Workspace key, without a leading slash. */
  readonly key: string;
  /** Error code of the operation, as in `OperationError`. */
  readonly code: string;
  /** Error message: what is missing, and the remedy. */
  readonly message: string;
}

/** A tool that lists workspace files by name. All callers see the same files. */
export interface WorkspaceListing {
  /** Name of the tool, such as `list_projects`: snake_case, at most 48 characters. */
  readonly toolName: string;
  /** One or two words for people, such as "List projects". */
  readonly title: string;
  /** What the tool lists and when to use it, for the model that decides whether to call it. */
  readonly description: string;
  /** Name of the list in the result, such as `projects`. */
  readonly items: string;
  /** Start of the keys, such as `projects/`. Names follow it. */
  readonly prefix: string;
  /** End of the keys, such as `.tar.gz`. Other files are not listed. */
  readonly suffix: string;
}

/** The workspace files that a sandboxed step can access, by key. */
export interface StepFiles {
  /** Keys that the step can read. */
  readonly reads: readonly string[];
  /** Keys that the step can write. Its result can name only these files. */
  readonly writes: readonly string[];
}

/** The common part of all operations: the properties of its tool. */
export interface OperationBase<Input extends z.ZodObject = z.ZodObject, Result = unknown> {
  /** snake_case, at most 48 characters. Jobs, the function and the state machine have this name. */
  readonly name: string;
  /**
   * Name of the tool: snake_case, at most 48 characters. Choose one that a model does not mistake for a tool of its host, such
   * as `read_file`. Every tool of a catalogue needs a name of its own.
   * @default `start_<name>` in mode `job`, `<name>` in the other modes, whose calls can return the result
   */
  readonly toolName?: string;
  /**
   * Earlier names of the tool: snake_case, at most 48 characters each. Callers can still use them, and `tools/list` omits them.
   * @default none
   */
  readonly aliases?: readonly string[];
  /** One or two words for people, such as "Build". */
  readonly title: string;
  /** What the tool does and when to use it, for the model that decides whether to call it. */
  readonly description: string;
  /**
   * Schema of the arguments. The engine validates them before a step runs. A property cannot have the name of an argument that
   * start tools already have, such as `wait_seconds` or `job_options`.
   */
  readonly input: Input;
  /** MCP annotations of the tool: hints for clients, such as whether to ask the user before a call. */
  readonly annotations: {
    readonly readOnlyHint: boolean;
    readonly destructiveHint: boolean;
    readonly idempotentHint: boolean;
    readonly openWorldHint: boolean;
  };
  /**
   * Rejects clients of MCP 2026 that do not support tasks, instead of giving them a job to poll with `check_job`.
   * @default false
   */
  readonly requiresTasks?: boolean;
  /**
   * Offers no tool, so that no new job starts. Running jobs end as usual, and clients can read, answer and cancel them. Retire an
   * operation first, and remove it from the catalogue in a later deploy: open jobs of a removed operation fail with
   * `OPERATION_REMOVED`.
   * @default false
   * @example
   * ```ts
   * export const thumbnail = defineOperation({ ...thumbnailOptions, retired: true });
   * ```
   */
  readonly retired?: boolean;
  /**
   * Where the retry of an ended job may begin. A retry is a new job with the same input.
   * - `from_step`: at the step that failed, or an earlier one, with the results and the files of the steps before. Name these files
   *   in the results: a retry then notices that they are gone.
   * - `whole`: at the first step, for steps that hold something under the id of their job, such as a lock.
   * - `never`: retries are refused.
   * @default `from_step`. An external state machine runs again as a whole, unless the value is `never`.
   */
  readonly retry?: 'from_step' | 'whole' | 'never';
  /**
   * Name of the input property that a job is about, such as `project`: letters, digits and underscores, at most 64. Lists, views
   * and events of jobs show its value, and lists filter by it. The value is a number, a boolean, or one line of at most 256
   * characters.
   * @default jobs show only their operation
   */
  readonly subject?: keyof z.output<Input> & string;
  // Methods, not properties: methods are bivariant, so that a catalogue can hold operations of every input and output.
  /**
   * Workspace files that callers can list with a tool, to find the names that the input takes. Operations can share one.
   * @default none
   */
  readonly listing?: WorkspaceListing;
  /** Workspace objects that must exist before a job starts. If one is missing, the call fails with the `code` of that object. @default none */
  requires?(input: z.output<Input>): readonly RequiredObject[];
  /** The result as text for a model. @default its JSON */
  text?(result: Result): string;
  /** Content blocks beside the text: small images, sounds and documents. @default none */
  content?(result: Result): readonly ResultContent[];
  /** Workspace files of the result, which callers can download. @default none */
  files?(result: Result): readonly ResultFile[];
}

/** An operation that runs steps in its own Lambda function. Create it with `defineOperation`. */
export interface StepsOperation<
  Input extends z.ZodObject = z.ZodObject,
  Output extends z.ZodObject = z.ZodObject,
  Steps extends Readonly<Record<string, StepOptions>> = Readonly<Record<string, StepOptions>>,
> extends OperationBase<Input, z.output<Output>> {
  /** Schema of the result. A result that does not match fails with `RESULT_INVALID`. */
  readonly output: Output;
  /** Whether a call returns a result or a job, and how long a caller may wait for it. */
  readonly execution: ExecutionPolicy;
  /** Steps in running order. The result of the last step is the result of the job. */
  readonly steps: { readonly [Name in keyof Steps]: Steps[Name] & StepDefinition };
  /** URL of the module that exports `handler`, the code of the steps. @default `<name-in-kebab-case>/steps.lambda.ts` beside the catalogue */
  readonly handler?: URL;
  /** Memory, disk, tables and packages of the function. @default the defaults of `OperationResources` */
  readonly resources?: OperationResources;
  /**
   * Runs the steps in a sandbox, for code that nobody has reviewed. It has no AWS permissions, and gets URLs for the returned
   * files only. Do not trust its results: derive keys from the input. A step that blocks the event loop for 45 s counts as crashed.
   * @default no sandbox
   */
  sandbox?(
    step: keyof Steps & string,
    job: { readonly input: z.output<Input>; readonly jobId: string },
  ): StepFiles;
}

/**
 * An operation that runs an external state machine: one that exists outside of this stack and knows nothing of jobs. Create it
 * with `stateMachineOperation`.
 */
export interface StateMachineOperation<
  Input extends z.ZodObject = z.ZodObject,
  Output extends z.ZodType = z.ZodType,
> extends OperationBase<Input, z.output<Output>> {
  /**
   * Schema of the execution's output: of an Express state machine, an object. An output that does not match fails with
   * `RESULT_INVALID`.
   * @default any JSON
   */
  readonly output?: Output;
  /** `job` for a Standard state machine, `sync` for an Express one. */
  readonly execution: Exclude<ExecutionPolicy, { mode: 'sync_first' }>;
  /** Which state machine to run, and for how long at most. */
  readonly stateMachine: {
    /** ARN, or name in the account and region of the stack. A mapping by the operator at deploy takes precedence. */
    readonly arnOrName: string | undefined;
    /** Milliseconds. The engine deletes the record of a job that runs longer, without stopping its execution. */
    readonly longestRunMs: number;
  };
}

/** An operation of a catalogue. */
export type OperationDefinition = StepsOperation | StateMachineOperation;

export function isStateMachineOperation(operation: OperationDefinition): operation is StateMachineOperation {
  return 'stateMachine' in operation;
}

/** @returns the names of an operation's steps in order; none for an external state machine and for a removed operation */
export function stepNames(operation: OperationDefinition | undefined): readonly string[] {
  return operation && 'steps' in operation ? Object.keys(operation.steps) : [];
}

const DEFAULT_MEMORY_MB = 512;
/** Lambda's limits, in MiB. */
const MIN_MEMORY_MB = 128;
const MAX_MEMORY_MB = 10_240;
const MIN_STORAGE_MB = 512;
const MAX_STORAGE_MB = 10_240;

/** @param what has the memory, in words for the error. @throws Error with the value and the remedy */
export function validateMemory(what: string, memoryMb: number): void {
  validateMebibytes(what, memoryMb, MIN_MEMORY_MB, MAX_MEMORY_MB);
}

/** @param what has the storage, in words for the error. @throws Error with the value and the remedy */
export function validateStorage(what: string, storageMb: number): void {
  validateMebibytes(what, storageMb, MIN_STORAGE_MB, MAX_STORAGE_MB);
}

function validateMebibytes(what: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new Error(`${what} ${value}. Set whole MiB, ${min} to ${max}.`);
}

/** Time for throttling and backoff, in addition to the limits of the steps. */
const RUN_SLACK_MS = 60 * 60_000;
/** The first attempt and one after a crash, in addition to the retries of the definition. */
const OWN_ATTEMPTS = 2;
/** Rounds of questions of a step, each with the full wait. */
const QUESTION_ROUNDS = 5;

/** @returns the memory of the function that runs the code of a step in MiB, unless the app chooses another one at deploy */
export function stepMemoryMb(
  { resources, steps }: Pick<StepsOperation, 'resources' | 'steps'>,
  step: string,
): number {
  return steps[step]?.memoryMb ?? resources?.memoryMb ?? DEFAULT_MEMORY_MB;
}

/** @returns the longest time that a job of this operation can run, in milliseconds */
export function longestRunMs(operation: OperationDefinition): number {
  if ('stateMachine' in operation) return operation.stateMachine.longestRunMs;
  return Object.values(operation.steps).reduce((sum, { timeoutMs, retries = 0, inputTimeoutMs, calls }) => {
    const rounds = inputTimeoutMs === undefined ? 1 : 1 + QUESTION_ROUNDS;
    const attemptsMs = (timeoutMs + STEP_WRAP_UP_MS) * (OWN_ATTEMPTS + retries);
    return sum + attemptsMs * rounds + (inputTimeoutMs ?? 0) * QUESTION_ROUNDS + (calls?.periodMs ?? 0);
  }, RUN_SLACK_MS);
}
