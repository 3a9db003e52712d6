/** What an operation is: plain data that the tools, the state machine, the function and its IAM are made from. */
import type * as z from 'zod';
import type { ErrorCode } from '../shared/errors.ts';

/** One unit of work inside an operation; the state of the same name runs it. */
export interface StepDefinition {
  /** Longest time for one attempt, in milliseconds; at most 14 minutes, under Lambda's own 15. */
  readonly timeoutMs: number;
  /**
   * Further attempts after a failure marked `retryable`. Failures of Lambda itself are always tried again.
   * @default 0
   */
  readonly retries?: number;
}

/** When a call of the operation answers with a result, and when with a job. */
export interface ExecutionPolicy {
  /** `job`: always a job. */
  readonly mode: 'job';
  /** The longest time in milliseconds that a caller may ask to wait (`wait_seconds`) before it gets the handle. */
  readonly maxWaitMs: number;
}

/** What one invocation of the operation's function has at hand. */
export interface OperationResources {
  /** Memory in MiB; CPU grows with it (1,769 MiB is one vCPU). @default 512 */
  readonly memoryMb?: number;
  /** Space under /tmp in MiB. @default 512 */
  readonly storageMb?: number;
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

/** An object in the workspace without which a call is refused before a job exists. */
export interface RequiredObject {
  readonly key: string;
  readonly code: ErrorCode;
  readonly message: string;
}

export interface OperationDefinition<
  Input extends z.ZodObject = z.ZodObject,
  Output extends z.ZodObject = z.ZodObject,
  StepName extends string = string,
> {
  /** snake_case; the tool is `start_<name>`, the folder is the name in kebab-case. */
  readonly name: string;
  /** One word or two for people: "Build". */
  readonly title: string;
  /** For the model that decides whether to call it. */
  readonly description: string;
  readonly input: Input;
  readonly output: Output;
  /** MCP tool annotations of the start tool. */
  readonly annotations: {
    readonly readOnlyHint: boolean;
    readonly destructiveHint: boolean;
    readonly idempotentHint: boolean;
    readonly openWorldHint: boolean;
  };
  readonly execution: ExecutionPolicy;
  /** In the order they run. What the last one returns is the job's result. */
  readonly steps: Readonly<Record<StepName, StepDefinition>>;
  readonly resources?: OperationResources;
  // Methods, not properties: methods are bivariant, so that a catalogue can hold operations of every input and output.
  requires?(input: z.output<Input>): readonly RequiredObject[];
  files?(result: z.output<Output>): readonly ResultFile[];
}

/**
 * Between a step's own limit and its function's: to stop child processes, upload the log and write the failure, so that
 * a step that runs out of time says so itself.
 */
export const STEP_WRAP_UP_MS = 20_000;

/** The names of the errors by which a step's function tells its state what to do: try again, or end. */
export const RETRYABLE_STEP_ERROR = 'RetryableStepError';
export const STEP_ENDED = 'StepEnded';

const MAX_STEP_TIMEOUT_MS = 14 * 60_000;
/** Names that tools, states, folders and log keys can all carry. */
const NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;

/**
 * Checks a definition and returns it with its types.
 * @throws Error naming the field, the value received and the remedy; at import, so that neither `cdk synth` nor a
 *   function starts with a broken catalogue.
 */
export function defineOperation<
  Input extends z.ZodObject,
  Output extends z.ZodObject,
  StepName extends string,
>(definition: OperationDefinition<Input, Output, StepName>): OperationDefinition<Input, Output, StepName> {
  const { name, steps } = definition;
  if (!NAME.test(name) || name.length > 32) {
    throw new Error(
      `Operation name "${name}" must be snake_case and at most 32 characters, such as "build".`,
    );
  }
  const entries = Object.entries<StepDefinition>(steps);
  if (entries.length === 0) throw new Error(`Operation "${name}" has no steps: give it at least one.`);
  for (const [step, { timeoutMs }] of entries) {
    if (!NAME.test(step)) throw new Error(`Step "${step}" of operation "${name}" must be snake_case.`);
    if (!(timeoutMs >= 1_000 && timeoutMs <= MAX_STEP_TIMEOUT_MS)) {
      throw new Error(
        `Step "${step}" of operation "${name}" has timeoutMs ${timeoutMs}: give 1,000 to ${MAX_STEP_TIMEOUT_MS}.`,
      );
    }
  }
  return definition;
}

/** For starting, for the retries of Lambda's own failures and their backoff: beside the steps' own limits. */
const RUN_SLACK_MS = 15 * 60_000;

/** The longest time in milliseconds that a job of this operation can run. */
export function longestRunMs(operation: OperationDefinition): number {
  return Object.values(operation.steps).reduce(
    (sum, { timeoutMs, retries = 0 }) => sum + (timeoutMs + STEP_WRAP_UP_MS) * (retries + 1),
    RUN_SLACK_MS,
  );
}
