/** Reads the history of executions: the states that an external state machine has entered, and what finished steps returned. */
import type { FinishedStep } from '../definition/finished-step.ts';
import { StepFunctionsError, stepFunctionsCalls } from '../shared/aws/step-functions-calls.ts';
import { AppError, ErrorCode } from '../shared/errors.ts';
import { log } from '../shared/observability/log.ts';
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
    readonly stateEnteredEventDetails?: { readonly name: string; readonly input?: string };
  }[];
  readonly nextToken?: string;
}

/** Largest page of Step Functions. Earlier reads saw the states that a long map pushed off the page, or they do not count. */
const PAGE = 1_000;
/**
 * With the input of each state. The last state that a failed execution has entered is its second-last event; an attempt of a
 * stopped one has four more. Each page of a history needs the same number.
 */
const PAGE_WITH_DATA = 100;
/** More than the events of a state with all its retries. */
const MOST_PAGES = 5;
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
   * Reads what the finished steps of an ended execution have returned, from the input of the last state that it entered. One call,
   * or a few when that state was retried often.
   * @param job of an operation with steps
   * @returns by step name; undefined when the execution does not exist
   * @throws AppError RESOURCE_EXHAUSTED when Step Functions throttles the call, and for ten seconds after that
   */
  async finishedSteps(job: ExecutionOf): Promise<Readonly<Record<string, FinishedStep>> | undefined> {
    if (this.#now() < this.#pausedUntil) throw historyBusy(this.#pausedUntil - this.#now());
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    try {
      let nextToken: string | undefined;
      for (let page = 0; page < MOST_PAGES; page++) {
        const request = {
          executionArn: executionArn(job),
          reverseOrder: true,
          maxResults: PAGE_WITH_DATA,
          includeExecutionData: true,
          ...(nextToken !== undefined && { nextToken }),
        };
        const history = (await this.#call('GetExecutionHistory', request, signal)) as History;
        const last = history.events.find(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.input);
        if (last) return JSON.parse(last.stateEnteredEventDetails?.input ?? '').finished;
        nextToken = history.nextToken;
        if (nextToken === undefined) break;
      }
      return undefined;
    } catch (error) {
      if (!(error instanceof StepFunctionsError)) throw error;
      if (error.name === 'ExecutionDoesNotExist') return undefined;
      if (error.name !== 'ThrottlingException') throw error;
      this.#pause(error);
      throw historyBusy(PAUSE_MS);
    }
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
      this.#pause(error);
      return undefined;
    }
  }

  #pause(error: StepFunctionsError): void {
    this.#pausedUntil = this.#now() + PAUSE_MS;
    log.warn('Step Functions throttles reads of histories; pausing them', { error });
  }
}

function historyBusy(retryAfterMs: number): AppError {
  return new AppError(
    ErrorCode.resourceExhausted,
    'Step Functions throttles reads of earlier executions. Call again in ten seconds.',
    { retryable: true, details: { retry_after_ms: retryAfterMs } },
  );
}
