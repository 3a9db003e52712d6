/** Reads which states of an external state machine an execution has entered. */

import { StepFunctionsError, stepFunctionsCalls } from '../shared/aws/step-functions-calls.ts';
import { type ExecutionOf, executionArn } from './execution-arn.ts';
import { type Revision, StateMachineRevisions } from './state-machine-revisions.ts';

/** The states of a state machine, and those that an execution has entered. */
export interface EnteredStates {
  /** All top-level states, without those inside of branches and maps. */
  readonly states: readonly string[];
  /** Entered top-level states without duplicates, latest first. */
  readonly entered: readonly string[];
  /** Each entry of a top-level state, earliest first. */
  readonly entries: readonly StateEntry[];
}

export interface StateEntry {
  readonly state: string;
  readonly atMs: number;
}

interface History {
  readonly events: readonly {
    /** Epoch seconds. */
    readonly timestamp: number;
    readonly stateEnteredEventDetails?: { readonly name: string };
  }[];
}

/** Largest page of Step Functions. Earlier reads saw the states that a long map pushed off the page, or they do not count. */
const PAGE = 1_000;
/** A client that polls a job does not wait longer. */
const TIMEOUT_MS = 3_000;
/** The quota of GetExecutionHistory is 400 and 20 a second for all functions of an account: after a pause, others have calls. */
const PAUSE_MS = 10_000;

export class ExecutionHistory {
  readonly #call = stepFunctionsCalls();
  readonly #revisions = new StateMachineRevisions(this.#call);
  readonly #now: () => number;
  /** Epoch milliseconds. */
  #pausedUntil = 0;

  /** @param now epoch milliseconds @default Date.now */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /**
   * Reads one page of history, and the definition when this instance does not know the revision of the state machine.
   * @returns undefined when the execution does not exist (yet), and for ten seconds after Step Functions has throttled a read
   */
  async enteredStates(job: ExecutionOf): Promise<EnteredStates | undefined> {
    if (this.#now() < this.#pausedUntil) return undefined;
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const input = {
      executionArn: executionArn(job),
      reverseOrder: true,
      maxResults: PAGE,
      includeExecutionData: false,
    };
    try {
      const known = this.#revisions.find(job);
      const [probable, { events }] = await Promise.all([
        known ?? this.#revisions.read(job, signal),
        this.#call('GetExecutionHistory', input, signal) as Promise<History>,
      ]);
      const all = events.flatMap(({ timestamp, stateEnteredEventDetails }) =>
        stateEnteredEventDetails
          ? [{ state: stateEnteredEventDetails.name, atMs: Math.round(timestamp * 1_000) }]
          : [],
      );
      const isOther = known && all.some(({ state }) => !known.names.has(state));
      const { states }: Revision = isOther ? await this.#revisions.read(job, signal) : probable;
      const latestFirst = all.filter(({ state }) => states.includes(state));
      return {
        states,
        entered: [...new Set(latestFirst.map(({ state }) => state))],
        entries: latestFirst.reverse(),
      };
    } catch (error) {
      if (!(error instanceof StepFunctionsError)) throw error;
      if (error.name === 'ExecutionDoesNotExist') return undefined;
      if (error.name !== 'ThrottlingException') throw error;
      this.#pausedUntil = this.#now() + PAUSE_MS;
      console.warn({ message: 'Step Functions throttles reads of histories; pausing them', error });
      return undefined;
    }
  }
}
