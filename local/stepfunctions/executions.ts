/** Manages executions: starts them once by name, stops and describes them, and restarts running ones after a restart. */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { AwsEvent } from '../eventbridge/event-rules.ts';
import { AwsError } from '../shared/aws-json.ts';
import { arn } from '../shared/aws-names.ts';
import { type ExecutionRecord, type ExecutionStore, isJson } from './execution-store.ts';
import type { Outcome, Run, StateEntered } from './state-machine.ts';
import type { LocalMachine } from './state-machine-resources.ts';

interface Execution {
  record: ExecutionRecord;
  /** Until the end: it holds the interpreter. */
  run?: Run;
  history?: Run['history'];
  /** The state machine that it began with. */
  machine?: LocalMachine;
  /** Resolves when the record is on disk, so that StartExecution may return. */
  saved: Promise<void>;
}

/** The end of an Express execution. It is not stored. */
export type ExpressEnd = Outcome & {
  readonly executionArn: string;
  /** Milliseconds since 1970, as is `stopDate`. */
  readonly startDate: number;
  readonly stopDate: number;
};

/** Step Functions' limit. */
const MAX_INPUT_BYTES = 256 * 1024;
/** Characters that Step Functions forbids in names: wildcards, brackets, white space, control characters and others. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: Step Functions forbids control characters
const FORBIDDEN_IN_NAME = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f]/;

export class Executions {
  #machines: ReadonlyMap<string, LocalMachine>;
  readonly #store: ExecutionStore;
  readonly #executions = new Map<string, Execution>();
  readonly #expressRuns = new Set<Run>();
  readonly #onChange: (record: ExecutionRecord) => Promise<void>;
  #closed = false;

  /**
   * @param machines by ARN
   * @param onChange receives each execution that has started or ended, after it is saved
   */
  constructor(
    machines: ReadonlyMap<string, LocalMachine>,
    store: ExecutionStore,
    onChange: (record: ExecutionRecord) => Promise<void>,
  ) {
    this.#machines = machines;
    this.#store = store;
    this.#onChange = onChange;
  }

  /**
   * Loads the executions of an earlier process. An interrupted execution restarts from its first state, where AWS would
   * continue from its current state. Steps must therefore be idempotent, which retries require anyway.
   */
  async resume(): Promise<void> {
    for (const record of await this.#store.load()) {
      const execution: Execution = { record, saved: Promise.resolve() };
      this.#executions.set(record.arn, execution);
      if (record.status === 'RUNNING' && this.#machines.has(record.machineArn)) this.#begin(execution);
    }
  }

  /**
   * Replaces the state machines. Running executions keep their definition; those of a removed state machine end. AWS ends them at
   * their next transition, and one that waits for a task token stays and blocks the deletion.
   */
  async update(machines: ReadonlyMap<string, LocalMachine>): Promise<void> {
    const earlier = this.#machines;
    const same = (arn: string, { definition }: LocalMachine) => earlier.get(arn)?.definition === definition;
    this.#machines = new Map(
      [...machines].map(([arn, machine]) => [
        arn,
        (same(arn, machine) ? earlier.get(arn) : undefined) ?? machine,
      ]),
    );
    const orphans = [...this.#executions.values()].filter(
      ({ record }) => record.status === 'RUNNING' && !machines.has(record.machineArn),
    );
    await Promise.all(orphans.map(({ record }) => this.stop(record.arn)));
  }

  /** Starts an execution. Returns the running one with the same name and input, if there is one. @throws AwsError */
  async start(
    machineArn: string,
    name: string,
    input: string,
  ): Promise<Pick<ExecutionRecord, 'arn' | 'startDate'>> {
    const machine = this.#machine(machineArn);
    checkStart(name, input);
    if (machine.isExpress) return this.#startExpress(machineArn, name, input);
    const executionArn = arn('states', `execution:${machineArn.split(':').at(-1)}:${name}`);
    const earlier = this.#executions.get(executionArn);
    if (earlier) {
      const { status, input: earlierInput } = earlier.record;
      if (status !== 'RUNNING' || !isDeepStrictEqual(JSON.parse(earlierInput), JSON.parse(input))) {
        throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${executionArn}'`);
      }
      await earlier.saved;
      return earlier.record;
    }
    const record = {
      arn: executionArn,
      machineArn,
      name,
      input,
      status: 'RUNNING',
      startDate: Date.now(),
    } as const;
    const execution: Execution = { record, saved: this.#store.save(record) };
    this.#executions.set(executionArn, execution);
    await execution.saved;
    // It may have been stopped, or the cloud closed, during the write.
    if (execution.record.status === 'RUNNING' && !this.#closed) {
      void this.#onChange(record);
      this.#begin(execution);
    }
    return record;
  }

  /** Runs an Express execution, which cannot be described later. @throws AwsError for a Standard state machine */
  async runExpress(machineArn: string, name: string, input: string): Promise<ExpressEnd> {
    const { run, isExpress } = this.#machine(machineArn);
    if (!isExpress) throw typeNotSupported();
    checkStart(name, input);
    const startDate = Date.now();
    const executionArn = expressArn(machineArn, name);
    const started = run(JSON.parse(input), { Id: executionArn, Name: name });
    this.#expressRuns.add(started);
    const outcome = await started.outcome;
    this.#expressRuns.delete(started);
    return { executionArn, startDate, ...outcome, stopDate: Date.now() };
  }

  /** Stops an execution. Does nothing when it has ended. @throws AwsError */
  async stop(executionArn: string, error?: string, cause?: string): Promise<ExecutionRecord> {
    const execution = this.#find(executionArn);
    if (execution.record.status === 'RUNNING') {
      const { run } = execution;
      const saved = this.#end(execution, { status: 'ABORTED', error, cause });
      run?.abort();
      await saved;
    }
    return execution.record;
  }

  /** @throws AwsError */
  describe(executionArn: string): ExecutionRecord {
    return this.#find(executionArn).record;
  }

  /** @returns the executions of a state machine, in any order @throws AwsError for an Express state machine */
  list(machineArn: string): ExecutionRecord[] {
    if (this.#machine(machineArn).isExpress) throw typeNotSupported();
    const records = [...this.#executions.values()].map(({ record }) => record);
    return records.filter((record) => record.machineArn === machineArn);
  }

  /** @returns the state machine that an execution began with @throws AwsError */
  machineOf(executionArn: string): Pick<LocalMachine, 'definition' | 'updateDate'> {
    const { machine, record } = this.#find(executionArn);
    return machine ?? this.#machine(record.machineArn);
  }

  /** Returns the states entered since the start of this process; before it, the last one. @throws AwsError */
  history(executionArn: string): readonly StateEntered[] {
    const { history, record } = this.#find(executionArn);
    return history ?? [record.lastEntered ?? []].flat();
  }

  /** Stops starting states. Running executions stay `RUNNING` on disk. */
  close(): void {
    this.#closed = true;
    for (const { run } of this.#executions.values()) run?.abort();
    for (const run of this.#expressRuns) run.abort();
  }

  #startExpress(machineArn: string, name: string, input: string): { arn: string; startDate: number } {
    void this.runExpress(machineArn, name, input);
    return { arn: expressArn(machineArn, name), startDate: Date.now() };
  }

  #machine(machineArn: string): LocalMachine {
    const machine = this.#machines.get(machineArn);
    if (machine) return machine;
    throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${machineArn}'`);
  }

  #begin(execution: Execution): void {
    const { arn: Id, machineArn, name: Name, input } = execution.record;
    const machine = this.#machines.get(machineArn);
    const run = machine?.run(JSON.parse(input), { Id, Name });
    execution.run = run;
    execution.history = run?.history;
    execution.machine = machine;
    void run?.outcome.then((outcome) => {
      if (this.#closed || execution.record.status !== 'RUNNING') return;
      return this.#end(execution, outcome);
    });
  }

  #end(execution: Execution, outcome: Partial<ExecutionRecord>): Promise<void> {
    const lastEntered = execution.history?.at(-1);
    execution.run = undefined;
    execution.record = { ...execution.record, ...outcome, lastEntered, stopDate: Date.now() };
    // After the first record, whose write may still be in progress.
    execution.saved = execution.saved.then(() => this.#store.save(execution.record));
    void execution.saved.then(() => this.#onChange(execution.record));
    return execution.saved;
  }

  #find(executionArn: string): Execution {
    const execution = this.#executions.get(executionArn);
    if (!execution)
      throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${executionArn}'`);
    return execution;
  }
}

/** Step Functions omits input and output from events when both together, as JSON strings, are larger. */
const MAX_EVENT_BYTES = 248 * 1024;

/** Returns the event that Step Functions sends to EventBridge when an execution has started or ended. */
export function statusChange(record: ExecutionRecord): AwsEvent {
  const { arn: executionArn, machineArn: stateMachineArn, lastEntered: _, ...rest } = record;
  const { input, output = null, ...detail } = rest;
  const included = Buffer.byteLength(JSON.stringify([input, output])) <= MAX_EVENT_BYTES;
  return {
    source: 'aws.states',
    'detail-type': 'Step Functions Execution Status Change',
    detail: {
      ...detail,
      executionArn,
      stateMachineArn,
      ...(included && { input, output }),
      inputDetails: { included },
      outputDetails: output === null ? null : { included },
    },
  };
}

function expressArn(machineArn: string, name: string): string {
  return arn('states', `express:${machineArn.split(':').at(-1)}:${name}:${randomUUID()}`);
}

function typeNotSupported(): AwsError {
  return new AwsError(
    'StateMachineTypeNotSupported',
    'This operation is not supported by this type of state machine',
  );
}

/** @throws AwsError */
function checkStart(name: string, input: string): void {
  if (name.length < 1 || name.length > 80 || FORBIDDEN_IN_NAME.test(name)) {
    throw new AwsError('InvalidName', `Invalid Name: '${name}'`);
  }
  if (!isJson(input) || Buffer.byteLength(input) > MAX_INPUT_BYTES) {
    throw new AwsError(
      'InvalidExecutionInput',
      'Invalid State Machine Execution Input: it must be JSON, 256 KiB at most',
    );
  }
}
