/** Which states an execution has entered, of those its machine has: all that is seen of a machine that is not ours. */

import { StepFunctionsError, stepFunctionsCalls } from '../shared/aws/step-functions-calls.ts';
import { type ExecutionOf, executionArn } from './execution-arn.ts';

export interface Passage {
  /** Of the machine, without those inside of branches and maps. */
  readonly states: readonly string[];
  /** Those of them that were entered, the latest first, each once. */
  readonly entered: readonly string[];
}

interface History {
  readonly events: readonly { readonly stateEnteredEventDetails?: { readonly name: string } }[];
}

/** Step Functions' largest page: what a long map has pushed off it was seen before, or is not counted. */
const PAGE = 1_000;
/** Who looks after a job does not wait for longer. */
const PATIENCE_MS = 3_000;
/** Executions whose states are remembered by an instance of a function. */
const MAX_REMEMBERED = 1_000;

export class ExecutionHistory {
  readonly #call = stepFunctionsCalls();
  /** By execution: its machine may be another one by the next. */
  readonly #states = new Map<string, readonly string[]>();

  /**
   * One page of history; and its definition, when this instance sees the execution for the first time.
   * @returns undefined when there is no such execution (yet)
   */
  async passage(job: ExecutionOf): Promise<Passage | undefined> {
    const arn = executionArn(job);
    const signal = AbortSignal.timeout(PATIENCE_MS);
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
    const answer = await this.#call('DescribeStateMachineForExecution', { executionArn: arn }, signal);
    const { definition } = answer as { readonly definition: string };
    const states = Object.keys((JSON.parse(definition) as { readonly States: object }).States);
    const [oldest = ''] = this.#states.keys();
    if (this.#states.size >= MAX_REMEMBERED) this.#states.delete(oldest);
    this.#states.set(arn, states);
    return states;
  }
}
