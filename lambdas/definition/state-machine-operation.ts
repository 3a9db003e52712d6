/** An operation whose work is a state machine that exists already: the operator's own, which knows nothing of jobs. */
import * as z from 'zod';
import type { Json } from '../shared/json.ts';
import type { OperationBase, StateMachineOperation } from './operation-definition.ts';
import { checkDefinition } from './validate-definition.ts';

/** At most one of the two. With neither, the operator says at deploy which it is: `-c stateMachines=<operation>=<ARN or name>`. */
interface Place {
  readonly stateMachineArn?: string;
  /** In the stack's own account and region. */
  readonly stateMachineName?: string;
}

/** Runs as a job. */
interface Standard {
  readonly type?: 'STANDARD';
  /** The longest time in milliseconds that a caller may ask to wait (`wait_seconds`). @default 30 s */
  readonly maxWaitMs?: number;
  /**
   * How long in milliseconds an execution may take, a year at most: the record of its job is kept for as long, and its
   * retention. It does not end the execution; the machine's own TimeoutSeconds does. @default 30 days
   */
  readonly longestRunMs?: number;
  readonly limitMs?: undefined;
}

/** Answers the call with its output. */
interface Express {
  readonly type: 'EXPRESS';
  /** The longest time in milliseconds that a caller waits: an Express execution that takes longer goes on unheard. @default 30 s */
  readonly limitMs?: number;
  readonly maxWaitMs?: undefined;
  readonly longestRunMs?: undefined;
}

const DEFAULT_WAIT_MS = 30_000;
const DAY_MS = 24 * 60 * 60_000;
const DEFAULT_LONGEST_RUN_MS = 30 * DAY_MS;
/** Step Functions' own limit for a Standard execution. */
const MAX_RUN_MS = 365 * DAY_MS;
/** As Step Functions allows them, less what is awkward in ARNs. */
const MACHINE_NAME = /^[\w+!@.()='-]{1,80}$/;

/**
 * Checks a definition and returns it as the catalogue holds it.
 * @throws Error naming the field, the value received and the remedy, as `defineOperation` does.
 */
export function stateMachineOperation<Input extends z.ZodObject, Output extends z.ZodType = z.ZodType<Json>>({
  stateMachineArn,
  stateMachineName,
  type = 'STANDARD',
  maxWaitMs = DEFAULT_WAIT_MS,
  longestRunMs = DEFAULT_LONGEST_RUN_MS,
  limitMs = DEFAULT_WAIT_MS,
  ...face
}: OperationBase<Input, z.output<Output>> & { readonly output?: Output } & Place &
  (Standard | Express)): StateMachineOperation<Input, Output> {
  const { name, output } = face;
  if (stateMachineArn !== undefined && stateMachineName !== undefined) {
    throw new Error(`Operation "${name}" has stateMachineArn and stateMachineName: give one of them.`);
  }
  const arnOrName = stateMachineArn ?? stateMachineName;
  if (stateMachineArn !== undefined && !stateMachineArn.startsWith('arn:')) {
    throw new Error(
      `Operation "${name}" has stateMachineArn "${stateMachineArn}": give an ARN, or the name as stateMachineName.`,
    );
  }
  if (arnOrName !== undefined) checkMachine(`Operation "${name}"`, arnOrName);
  if (type === 'EXPRESS' && output && !(output instanceof z.ZodObject)) {
    throw new Error(`Operation "${name}" answers calls: give its output as an object, or leave it out.`);
  }
  if (!(longestRunMs >= 1_000 && longestRunMs <= MAX_RUN_MS)) {
    throw new Error(`Operation "${name}" has longestRunMs ${longestRunMs}: give 1,000 to ${MAX_RUN_MS}.`);
  }
  const definition: StateMachineOperation<Input, Output> = {
    ...face,
    execution: type === 'EXPRESS' ? { mode: 'sync', limitMs } : { mode: 'job', maxWaitMs },
    stateMachine: { arnOrName, longestRunMs },
  };
  checkDefinition(definition);
  return definition;
}

/** @param what it is of, for errors @throws Error naming the value and the remedy */
export function checkMachine(what: string, arnOrName: string): void {
  if (arnOrName.startsWith('arn:') ? parseMachineArn(arnOrName) : MACHINE_NAME.test(arnOrName)) return;
  throw new Error(
    `${what} has the state machine "${arnOrName}": give the ARN of a state machine, without a version or an alias, ` +
      'such as arn:aws:states:eu-west-1:111122223333:stateMachine:report, or its name, such as report.',
  );
}

export interface MachineArn {
  readonly region: string;
  readonly account: string;
}

/** Without a version or an alias behind the name: executions are named after machines, and events are told of machines. */
const MACHINE_ARN = /^arn:aws[a-z-]*:states:([a-z0-9-]+):(\d{12}):stateMachine:[\w+!@.()='-]{1,80}$/;

/** @returns undefined when it is none */
export function parseMachineArn(text: string): MachineArn | undefined {
  const [, region, account] = MACHINE_ARN.exec(text) ?? [];
  return region !== undefined && account !== undefined ? { region, account } : undefined;
}
