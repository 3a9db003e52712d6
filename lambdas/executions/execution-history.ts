/** Reads which states of an external state machine an execution has entered. */

import { StepFunctionsError, stepFunctionsCalls } from '../shared/aws/step-functions-calls.ts';
import { type ExecutionOf, executionArn } from './execution-arn.ts';

/** The states of a state machine, and those that an execution has entered. */
export interface EnteredStates {
  /** All top-level states, without those inside of branches and maps. */
  readonly states: readonly string[];
  /** Entered top-level states without duplicates, latest first. */
  readonly entered: readonly string[];
}

interface History {
  readonly events: readonly { readonly stateEnteredEventDetails?: { readonly name: string } }[];
}

/** Largest page of Step Functions. Earlier reads saw the states that a long map pushed off the page, or they do not count. */
const PAGE = 1_000;
/** A client that polls a job does not wait longer. */
const TIMEOUT_MS = 3_000;
/** Maximum number of executions in the cache of one function instance. */
const MAX_REMEMBERED = 1_000;

export class ExecutionHistory {
  readonly #call = stepFunctionsCalls();
  /** States by execution: the definition can change between two executions. */
  readonly #states = new Map<string, readonly string[]>();

  /**
   * Reads one page of history, and the definition when this instance sees the execution for the first time.
   * @returns undefined when the execution does not exist (yet)
   */
  async enteredStates(job: ExecutionOf): Promise<EnteredStates | undefined> {
    const arn = executionArn(job);
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const history = { executionArn: arn, reverseOrder: true, maxResults: PAGE, includeExecutionData: false };
    try {
      const [states, { events }] = await Promise.all([
        this.#statesOf(arn, signal),
        this.#call('GetExecutionHistory', history, signal) as Promise<History>,
      ]);
      const names = events.flatMap(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name ?? []);
      return { states, entered: [...new Set(names)].filter((name) => states.includes(name)) };
    } catch (error) {
      if (error instanceof StepFunctionsError && error.name === 'ExecutionDoesNotExist') return undefined;
      throw error;
    }
  }

  async #statesOf(arn: string, signal: AbortSignal): Promise<readonly string[]> {
    const known = this.#states.get(arn);
    if (known) return known;
    const response = await this.#call('DescribeStateMachineForExecution', { executionArn: arn }, signal);
    const { definition } = response as { readonly definition: string };
    const states = Object.keys((JSON.parse(definition) as { readonly States: object }).States);
    const [oldest = ''] = this.#states.keys();
    if (this.#states.size >= MAX_REMEMBERED) this.#states.delete(oldest);
    this.#states.set(arn, states);
    return states;
  }
}
