/** Defines operations that run external state machines: validates a definition and fills in its defaults. */
import * as z from 'zod';
import type { Json } from '../shared/json.ts';
import type { OperationBase, StateMachineOperation } from './operation-definition.ts';
import { validateDefinition } from './validate-definition.ts';

/** At most one of the two. Without both, the operator maps the operation at deploy: `-c stateMachines=<operation>=<ARN or name>`. */
interface StateMachineLocation {
  /** ARN without a version or an alias. */
  readonly stateMachineArn?: string;
  /** Name in the account and region of the stack, 1 to 80 characters. */
  readonly stateMachineName?: string;
}

/** Options of a Standard state machine, which runs as a job. */
interface StandardOptions {
  /** Kind of the state machine. A Standard execution runs as a job. @default 'STANDARD' */
  readonly type?: 'STANDARD';
  /**
   * Longest wait that a caller can request (`wait_seconds`) before the call returns the job, in milliseconds: whole seconds, at most
   * 60,000. A value above 50,000 acts as 50,000.
   * @default 30,000
   */
  readonly maxWaitMs?: number;
  /**
   * Longest run of an execution in milliseconds, 1,000 to 31,536,000,000 (a year). The record of an open job expires after this time plus its
   * retention. It does not stop the execution: use TimeoutSeconds of the state machine for that.
   * @default 30 days
   */
  readonly longestRunMs?: number;
  readonly limitMs?: undefined;
}

/** Options of an Express state machine, whose output is the result of the call. */
interface ExpressOptions {
  /** Kind of the state machine. An Express execution runs while the caller waits, and its output is the result of the call. */
  readonly type: 'EXPRESS';
  /**
   * Longest wait of a caller in milliseconds; whole seconds, at most 50,000. The call then fails with `TIMED_OUT`, but the
   * execution continues.
   * @default 30,000
   */
  readonly limitMs?: number;
  readonly maxWaitMs?: undefined;
  readonly longestRunMs?: undefined;
}

const DEFAULT_WAIT_MS = 30_000;
const DAY_MS = 24 * 60 * 60_000;
const DEFAULT_LONGEST_RUN_MS = 30 * DAY_MS;
/** Limit of Step Functions for a Standard execution. */
const MAX_RUN_MS = 365 * DAY_MS;
/** The names that Step Functions allows, without characters that are awkward in ARNs. */
const STATE_MACHINE_NAME = /^[\w+!@.()='-]{1,80}$/;

/**
 * Defines an operation that runs an external state machine. The execution gets the caller's arguments as its input. Its output
 * becomes the result.
 * @returns the definition with its defaults
 * @throws Error with the field, the value and the remedy, at import, as `defineOperation` does.
 * @example
 * ```ts
 * import { stateMachineOperation } from 'mcp-async-operations/operation';
 * import * as z from 'zod';
 *
 * export const report = stateMachineOperation({
 *   name: 'report',
 *   title: 'Report',
 *   description: 'Creates the monthly sales report. Takes some minutes.',
 *   input: z.object({ month: z.string() }),
 *   annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
 *   stateMachineName: 'sales-report',
 * });
 * ```
 */
export function stateMachineOperation<Input extends z.ZodObject, Output extends z.ZodType = z.ZodType<Json>>({
  stateMachineArn,
  stateMachineName,
  type = 'STANDARD',
  maxWaitMs = DEFAULT_WAIT_MS,
  longestRunMs = DEFAULT_LONGEST_RUN_MS,
  limitMs = DEFAULT_WAIT_MS,
  ...base
}: OperationBase<Input, z.output<Output>> & { readonly output?: Output } & StateMachineLocation &
  (StandardOptions | ExpressOptions)): StateMachineOperation<Input, Output> {
  const { name, output } = base;
  if (stateMachineArn !== undefined && stateMachineName !== undefined) {
    throw new Error(`Operation "${name}" has stateMachineArn and stateMachineName. Set only one of them.`);
  }
  const arnOrName = stateMachineArn ?? stateMachineName;
  if (stateMachineArn !== undefined && !stateMachineArn.startsWith('arn:')) {
    throw new Error(
      `Operation "${name}" has stateMachineArn "${stateMachineArn}". Set an ARN, or set the name as stateMachineName.`,
    );
  }
  if (arnOrName !== undefined) validateStateMachine(`Operation "${name}"`, arnOrName);
  if (type === 'EXPRESS' && output && !(output instanceof z.ZodObject)) {
    throw new Error(
      `Operation "${name}" is EXPRESS and has an output that is not an object. Use z.object, or leave the output out.`,
    );
  }
  if (!(longestRunMs >= 1_000 && longestRunMs <= MAX_RUN_MS)) {
    throw new Error(`Operation "${name}" has longestRunMs ${longestRunMs}. Set 1,000 to ${MAX_RUN_MS}.`);
  }
  const definition: StateMachineOperation<Input, Output> = {
    ...base,
    execution: type === 'EXPRESS' ? { mode: 'sync', limitMs } : { mode: 'job', maxWaitMs },
    stateMachine: { arnOrName, longestRunMs },
  };
  validateDefinition(definition);
  return definition;
}

/** @param subject begins the error message @throws Error with the value and the remedy */
export function validateStateMachine(subject: string, arnOrName: string): void {
  if (arnOrName.startsWith('arn:') ? parseStateMachineArn(arnOrName) : STATE_MACHINE_NAME.test(arnOrName))
    return;
  throw new Error(
    `${subject} has the state machine "${arnOrName}". Give the ARN of a state machine without a version or an alias, ` +
      'such as arn:aws:states:eu-west-1:111122223333:stateMachine:report, or its name, such as report.',
  );
}

/** Parts of the ARN of a state machine. */
export interface StateMachineArn {
  readonly region: string;
  readonly account: string;
}

/** Without a version or an alias: execution ARNs and events contain the ARN of the state machine only. */
const STATE_MACHINE_ARN = /^arn:aws[a-z-]*:states:([a-z0-9-]+):(\d{12}):stateMachine:[\w+!@.()='-]{1,80}$/;

/** @returns undefined for a text that is not such an ARN */
export function parseStateMachineArn(text: string): StateMachineArn | undefined {
  const [, region, account] = STATE_MACHINE_ARN.exec(text) ?? [];
  return region !== undefined && account !== undefined ? { region, account } : undefined;
}
