/** Caches the states of external state machines by revision: an account may read one definition of an execution a second. */
import type { StepFunctionsCall } from '../shared/aws/step-functions-calls.ts';
import { stateMachineArn } from '../shared/env.ts';
import { type ExecutionOf, executionArn } from './execution-arn.ts';

/** A revision of a state machine. */
export interface Revision {
  /** All top-level states, without those inside of branches and maps. */
  readonly states: readonly string[];
  /** Names of all states. */
  readonly names: ReadonlySet<string>;
}

/** A revision, and the creation times of the jobs that are known to have it, in epoch milliseconds. */
interface KnownRevision extends Revision {
  readonly updateDate: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

interface Machine {
  readonly States: Readonly<
    Record<
      string,
      {
        readonly Branches?: readonly Machine[];
        readonly ItemProcessor?: Machine;
        readonly Iterator?: Machine;
      }
    >
  >;
}

/** A job that is created within this time after a known one gets its revision. A state that it lacks proves otherwise. */
const FRESH_MS = 60_000;
/** Per state machine. Beyond it, the oldest revision drops out. */
const MAX_REVISIONS = 10;

export class StateMachineRevisions {
  readonly #call: StepFunctionsCall;
  /** The latest revision first, by ARN of the state machine. */
  readonly #known = new Map<string, readonly KnownRevision[]>();

  constructor(call: StepFunctionsCall) {
    this.#call = call;
  }

  /** @returns the cached revision of a job's execution; undefined when none is known. */
  find(job: ExecutionOf): Revision | undefined {
    const createdMs = Date.parse(job.createdAt);
    return this.#of(job).find(
      ({ fromMs, untilMs }) => fromMs <= createdMs && createdMs <= untilMs + FRESH_MS,
    );
  }

  /** Reads the revision of a job's execution, in one call. */
  async read(job: ExecutionOf, signal: AbortSignal): Promise<Revision> {
    const input = { executionArn: executionArn(job) };
    const { definition, updateDate } = (await this.#call(
      'DescribeStateMachineForExecution',
      input,
      signal,
    )) as { readonly definition: string; readonly updateDate: number };
    const createdMs = Date.parse(job.createdAt);
    const others = this.#of(job).filter((revision) => revision.updateDate !== updateDate);
    const same = this.#of(job).find((revision) => revision.updateDate === updateDate);
    const machine = JSON.parse(definition) as Machine;
    const revision: KnownRevision = {
      updateDate,
      states: Object.keys(machine.States),
      names: new Set(namesOf(machine)),
      fromMs: Math.min(same?.fromMs ?? updateDate * 1000, createdMs),
      untilMs: Math.max(same?.untilMs ?? 0, createdMs),
    };
    const latestFirst = [...others, revision].sort((a, b) => b.updateDate - a.updateDate);
    this.#known.set(stateMachineArn(job.operation), latestFirst.slice(0, MAX_REVISIONS));
    return revision;
  }

  #of(job: ExecutionOf): readonly KnownRevision[] {
    return this.#known.get(stateMachineArn(job.operation)) ?? [];
  }
}

function namesOf({ States }: Machine): string[] {
  return Object.entries(States).flatMap(([name, { Branches = [], ItemProcessor, Iterator }]) => [
    name,
    ...[...Branches, ItemProcessor, Iterator].flatMap((inner) => (inner ? namesOf(inner) : [])),
  ]);
}
