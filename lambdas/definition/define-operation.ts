/** Defines operations that run steps: validates a definition and fills in its defaults. */
import type * as z from 'zod';
import {
  type OperationBase,
  type StepDefinition,
  type StepOptions,
  type StepsOperation,
  validateMemory,
  validateStorage,
} from './operation-definition.ts';
import { HANDED_OVER, inputState } from './state-names.ts';
import { NAME, validateDefinition } from './validate-definition.ts';

const DEFAULT_STEP_TIMEOUT_MS = 60_000;
const MAX_STEP_TIMEOUT_MS = 14 * 60_000;
/** With 16 KiB a step and 64 KiB of input, a state stays below Step Functions' 256 KiB. */
const MAX_STEPS = 8;
const MAX_RETRIES = 10;
const MIN_INPUT_TIMEOUT_MS = 1_000;
/** Longest wait for an answer: a week. */
export const MAX_INPUT_TIMEOUT_MS = 7 * 24 * 60 * 60_000;
const MAX_CALLS = 1_000;
const MAX_CALLS_PERIOD_MS = 7 * 24 * 60 * 60_000;
const RESERVED_STATES: ReadonlySet<string> = new Set(['record_failure', 'failed', HANDED_OVER]);

type Defaulted = 'title' | 'annotations' | 'execution';

/** The argument of `defineOperation`: a `StepsOperation` without the properties that have defaults. */
export type OperationOptions<
  Input extends z.ZodObject,
  Output extends z.ZodObject,
  Steps extends Readonly<Record<string, StepOptions>>,
> = Omit<StepsOperation<Input, Output, Steps>, Defaulted | 'steps'> & {
  /** One or two words for people, such as "Build". @default the name in words: `read_file` becomes "Read file" */
  readonly title?: string;
  /** MCP annotations of the tool, as booleans: hints for clients, such as whether to ask the user before a call. @default those of MCP: not read-only, destructive, not idempotent, open world */
  readonly annotations?: Partial<OperationBase['annotations']>;
  /** Whether a call returns a result or a job. @default always a job; a caller may wait 30 s for its result */
  readonly execution?: StepsOperation['execution'];
  /**
   * 1 to 8 steps, in running order: snake_case names with their options. The modes `sync` and `sync_first` need exactly one step.
   * The result of the last step is the result of the job.
   */
  readonly steps: Steps;
};

/**
 * Defines an operation that runs steps in its own Lambda function. A definition is plain data: it imports neither the AWS SDK
 * nor CDK.
 * @returns the definition with its defaults
 * @throws Error with the field, the value and the remedy. It throws at import, so that neither `cdk synth` nor a function
 *   starts with an invalid catalogue.
 * @example
 * ```ts
 * import { defineOperation } from 'mcp-async-operations/operation';
 * import * as z from 'zod';
 *
 * export const thumbnail = defineOperation({
 *   name: 'thumbnail',
 *   description: 'Scales an image down to a thumbnail. Takes a few seconds.',
 *   input: z.object({ url: z.url() }),
 *   output: z.object({ bytes: z.int() }),
 *   steps: { fetch: { output: z.object({ key: z.string() }), retries: 2 }, resize: { timeoutMs: 120_000 } },
 * });
 * ```
 */
export function defineOperation<
  Input extends z.ZodObject,
  Output extends z.ZodObject,
  const Steps extends Readonly<Record<string, StepOptions>>,
>(options: OperationOptions<Input, Output, Steps>): StepsOperation<Input, Output, Steps> {
  const { name } = options;
  const definition = {
    ...options,
    title: options.title ?? titleOf(name),
    annotations: {
      readOnlyHint: false,
      destructiveHint: true,
      idempotentHint: false,
      openWorldHint: true,
      ...options.annotations,
    },
    execution: options.execution ?? { mode: 'job', maxWaitMs: 30_000 },
    steps: Object.fromEntries(
      Object.entries(options.steps).map(([step, given]) => [
        step,
        { timeoutMs: DEFAULT_STEP_TIMEOUT_MS, ...given },
      ]),
    ),
  } as unknown as StepsOperation<Input, Output, Steps>;
  validateDefinition(definition);
  checkSteps(definition as unknown as StepsOperation);
  return definition;
}

function titleOf(name: string): string {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** @throws Error with the step, the value and the remedy */
function checkSteps(definition: StepsOperation): void {
  const { name, steps, execution, resources } = definition;
  const entries = Object.entries<StepDefinition>(steps);
  if (entries.length < 1 || entries.length > MAX_STEPS) {
    throw new Error(`Operation "${name}" has ${entries.length} steps. Define 1 to ${MAX_STEPS}.`);
  }
  if (execution.mode !== 'job' && entries.length > 1) {
    throw new Error(
      `Operation "${name}" has ${entries.length} steps and mode ${execution.mode}. Define one step, or use mode job.`,
    );
  }
  if (resources?.memoryMb !== undefined)
    validateMemory(`Operation "${name}" has resources.memoryMb`, resources.memoryMb);
  if (resources?.storageMb !== undefined)
    validateStorage(`Operation "${name}" has resources.storageMb`, resources.storageMb);
  const inputStates = entries.map(([step]) => inputState(step));
  if (definition.sandbox && entries.some(([, { inputTimeoutMs }]) => inputTimeoutMs !== undefined)) {
    throw new Error(
      `Operation "${name}" has a sandbox and inputTimeoutMs. Remove inputTimeoutMs, or ask in a separate operation.`,
    );
  }
  if (definition.sandbox && entries.some(([, { calls }]) => calls)) {
    throw new Error(
      `Operation "${name}" has a sandbox and calls. Remove calls, or call APIs in a separate operation.`,
    );
  }
  for (const [index, [step, { calls }]] of entries.entries()) {
    if (!calls) continue;
    if (index < entries.length - 1 || execution.mode !== 'job') {
      throw new Error(
        `Step "${step}" of operation "${name}" has calls. Move calls to the last step and use mode job.`,
      );
    }
    const { max, periodMs } = calls;
    if (!(max >= 1 && max <= MAX_CALLS && periodMs >= 1_000 && periodMs <= MAX_CALLS_PERIOD_MS)) {
      throw new Error(
        `Step "${step}" of operation "${name}" has calls.max ${max} and calls.periodMs ${periodMs}. Set max to 1 to ${MAX_CALLS} and periodMs to 1,000 to ${MAX_CALLS_PERIOD_MS}.`,
      );
    }
  }
  for (const [step, { timeoutMs, retries = 0, inputTimeoutMs = MAX_INPUT_TIMEOUT_MS, memoryMb }] of entries) {
    if (!NAME.test(step) || RESERVED_STATES.has(step) || inputStates.includes(step)) {
      throw new Error(
        `Step "${step}" of operation "${name}" has an invalid name. Use snake_case and a name that the engine does not use for a state.`,
      );
    }
    if (!(Number.isInteger(retries) && retries >= 0 && retries <= MAX_RETRIES)) {
      throw new Error(
        `Step "${step}" of operation "${name}" has retries ${retries}. Set 0 to ${MAX_RETRIES}.`,
      );
    }
    if (memoryMb !== undefined)
      validateMemory(`Step "${step}" of operation "${name}" has memoryMb`, memoryMb);
    if (!(timeoutMs >= 1_000 && timeoutMs <= MAX_STEP_TIMEOUT_MS)) {
      throw new Error(
        `Step "${step}" of operation "${name}" has timeoutMs ${timeoutMs}. Set 1,000 to ${MAX_STEP_TIMEOUT_MS}.`,
      );
    }
    if (!(inputTimeoutMs >= MIN_INPUT_TIMEOUT_MS && inputTimeoutMs <= MAX_INPUT_TIMEOUT_MS)) {
      throw new Error(
        `Step "${step}" of operation "${name}" has inputTimeoutMs ${inputTimeoutMs}. Set ${MIN_INPUT_TIMEOUT_MS} to ${MAX_INPUT_TIMEOUT_MS}.`,
      );
    }
  }
}
