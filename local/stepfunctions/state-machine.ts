/** Runs one state machine with an interpreter library. Adds tasks, and the parts of AWS's context that the library lacks. */
import { ExecutionError, StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';
import { DataLimitExceeded, isTooLarge, withCutCause } from './task-errors.ts';
import { isKnownValid, rememberValid } from './valid-definitions.ts';

/** The supported properties of a state. */
interface State {
  readonly Type: string;
  readonly Resource?: string;
  readonly TimeoutSeconds?: number;
  readonly TimeoutSecondsPath?: string;
  readonly HeartbeatSeconds?: number;
  readonly Branches?: readonly Machine[];
  readonly ItemProcessor?: Machine;
  readonly Iterator?: Machine;
}
type TaskState = State & { readonly Resource: string };
interface Machine {
  readonly TimeoutSeconds?: number;
  readonly QueryLanguage?: string;
  readonly States: Readonly<Record<string, State>>;
}

/** Runs the resources of Task states. Errors of `run` have AWS's error as name and AWS's cause as message. */
export interface TaskRunner {
  /** @throws Error naming the state and its resource, when the resource is not supported */
  check(state: string, resource: string): void;
  /** @returns the `$$.Task.Token` of one attempt */
  issueToken(): string;
  /** Invalidates a token. */
  revokeToken(token: string): void;
  /**
   * @param token of this attempt; undefined when its state uses none
   * @param heartbeatSeconds of the state
   */
  run(
    resource: string,
    input: unknown,
    token: string | undefined,
    heartbeatSeconds: number | undefined,
  ): Promise<unknown>;
}

export type Outcome =
  | { readonly status: 'SUCCEEDED'; readonly output: string }
  | { readonly status: 'FAILED' | 'TIMED_OUT'; readonly error: string; readonly cause?: string }
  | { readonly status: 'ABORTED' };

export interface StateEntered {
  readonly name: string;
  readonly type: string;
  readonly timestampMs: number;
  /** JSON. Only the last state keeps it: that of all states would fill the memory. */
  input?: unknown;
}

export interface Run {
  readonly outcome: Promise<Outcome>;
  /** States entered so far; grows during the run. */
  readonly history: readonly StateEntered[];
  /** Starts no further state. A running task continues to its end, as on AWS. */
  abort(): void;
}

/** The maximum delay of a timer, 24 days. A longer timer would fire at once. */
const MAX_TIMER_SECONDS = Math.floor((2 ** 31 - 1) / 1000);

/** @throws Error when the definition is not valid Amazon States Language, or does not use JSONPath */
export function compileStateMachine(
  definition: string,
  tasks: TaskRunner,
  onTransition: () => void = () => {},
) {
  const machine = JSON.parse(definition) as Machine;
  if (machine.QueryLanguage === 'JSONata')
    throw new Error('The state machine uses JSONata: use JSONPath, which the local cloud supports.');
  const taskStates = tasksOf(machine);
  for (const [name, state] of taskStates) {
    tasks.check(name, state.Resource);
    checkHeartbeat(name, state);
  }
  const scopes = new Map<string, string>();
  const { TimeoutSeconds, ...prepared } = prepare(machine, scopes);
  const asText = JSON.stringify(prepared);
  const interpreter = new StateMachine(prepared as unknown as StateMachineDefinition, {
    validationOptions: { noValidate: isKnownValid(asText) },
  });
  rememberValid(asText);

  return function run(input: unknown, execution: Readonly<Record<string, unknown>>): Run {
    const history: StateEntered[] = [];
    const visits = new Map([...scopes.keys()].map((name) => [name, createVisit(name, tasks)]));
    let ended: Outcome | undefined;

    const handlers = taskStates.map(([name, { Resource, HeartbeatSeconds }]) => [
      name,
      async (taskInput: unknown) => {
        if (ended) throw new ExecutionEnded();
        const visit = visits.get(name);
        // Step Functions charges a retry as a transition.
        if (visit && visit.context.RetryCount > 0) onTransition();
        const token = visit?.beginAttempt();
        try {
          if (isTooLarge(taskInput)) throw new DataLimitExceeded(`The input of ${name}`);
          return await tasks.run(Resource, taskInput, token, HeartbeatSeconds);
        } catch (error) {
          throw withCutCause(error);
        }
      },
    ]);
    const { result, abort, eventLogs } = interpreter.run(input as never, {
      context: {
        Execution: execution,
        ...Object.fromEntries([...scopes].map(([name, scope]) => [scope, visits.get(name)?.context])),
      },
      overrides: { taskResourceLocalHandlers: Object.fromEntries(handlers) },
    });
    // The library's own timeout would let a state that waits for a retry run once more.
    const timer = setTimeout(
      () => end({ status: 'TIMED_OUT', error: 'States.Timeout' }),
      Math.min(TimeoutSeconds ?? MAX_TIMER_SECONDS, MAX_TIMER_SECONDS) * 1000,
    );
    function end(outcome: Outcome): void {
      ended ??= outcome;
      abort();
      for (const visit of visits.values()) visit.revokeToken();
    }
    const outcome = result
      .then(
        (output): Outcome =>
          isTooLarge(output)
            ? failedWith(new DataLimitExceeded('The output of the execution'))
            : { status: 'SUCCEEDED', output: JSON.stringify(output ?? null) },
        (error: unknown): Outcome =>
          failedWith((error instanceof ExecutionError ? error.cause : error) as Error),
      )
      .then((natural) => {
        ended ??= natural;
        clearTimeout(timer);
        return ended;
      });
    void recordHistory(eventLogs, visits, {
      onEntered(entered) {
        const before = history.at(-1);
        if (before) before.input = undefined;
        history.push(entered);
        onTransition();
      },
      onTooLarge: (error) => end(failedWith(error)),
    });
    return { outcome, history, abort: () => end({ status: 'ABORTED' }) };
  };
}

function failedWith({ name: error, message: cause }: Error): Outcome {
  return { status: 'FAILED', error, cause };
}

/** Creates one visit of a state: `context` is its `$$.State` and its `$$.Task`. */
function createVisit(name: string, tasks: TaskRunner) {
  let token: string | undefined;
  let enteredTime: string | undefined;
  let attempts = 0;
  return {
    context: {
      Name: name,
      /** The library reads it before each attempt, so the first reading is the time of entry. */
      get EnteredTime(): string {
        enteredTime ??= new Date().toISOString();
        return enteredTime;
      },
      /** All attempts before the current one have failed or timed out. */
      get RetryCount(): number {
        return attempts;
      },
      /** The library reads it before each attempt too. */
      get Token(): string {
        // An attempt that has timed out has no valid token any more.
        if (token !== undefined) tasks.revokeToken(token);
        token = tasks.issueToken();
        return token;
      },
    },
    beginAttempt(): string | undefined {
      attempts += 1;
      return token;
    },
    revokeToken(): void {
      if (token !== undefined) tasks.revokeToken(token);
    },
    leave(): void {
      if (token !== undefined) tasks.revokeToken(token);
      attempts = 0;
      enteredTime = undefined;
    },
  };
}
type Visit = ReturnType<typeof createVisit>;

/** Ends the interpreter's loop after the end of an execution. No Retry and no Catch handles it. */
class ExecutionEnded extends Error {
  readonly isRetryable = false;
  readonly isCatchable = false;
}

/**
 * Gives each state its own `$$.State`, under a name in `scopes`, because the library has one context for an execution. Also
 * replaces the library's default task timeout of 60 s: AWS has none.
 */
function prepare(machine: Machine, scopes: Map<string, string>): Machine {
  const states = Object.entries(machine.States).map(([name, state]) => {
    const { Branches, ItemProcessor, Iterator, ...own } = state;
    const scope = `State${scopes.size}`;
    scopes.set(name, scope);
    const text = JSON.stringify(own).replaceAll(/\$\$\.(State|Task)\./g, () => `$$.${scope}.`);
    const untimed = state.Type === 'Task' && !state.TimeoutSecondsPath;
    return [
      name,
      {
        ...JSON.parse(text),
        ...(untimed && {
          TimeoutSeconds: Math.min(state.TimeoutSeconds ?? MAX_TIMER_SECONDS, MAX_TIMER_SECONDS),
        }),
        ...(Branches && { Branches: Branches.map((branch) => prepare(branch, scopes)) }),
        ...(ItemProcessor && { ItemProcessor: prepare(ItemProcessor, scopes) }),
        ...(Iterator && { Iterator: prepare(Iterator, scopes) }),
      },
    ];
  });
  return { ...machine, States: Object.fromEntries(states) };
}

/** Returns every Task state with its name, including nested branches and maps. */
function tasksOf(machine: Machine): [string, TaskState][] {
  return Object.entries(machine.States).flatMap(([name, state]) => {
    const { Resource, Branches = [], ItemProcessor, Iterator } = state;
    const inner = [...Branches, ItemProcessor, Iterator].flatMap((nested) => (nested ? tasksOf(nested) : []));
    return Resource ? [[name, { ...state, Resource }], ...inner] : inner;
  });
}

/** @throws Error for a heartbeat that AWS rejects */
function checkHeartbeat(name: string, { HeartbeatSeconds, TimeoutSeconds }: TaskState): void {
  if (HeartbeatSeconds === undefined || HeartbeatSeconds < (TimeoutSeconds ?? MAX_TIMER_SECONDS)) return;
  throw new Error(
    `State "${name}" has HeartbeatSeconds ${HeartbeatSeconds}: give less than its TimeoutSeconds, ${TimeoutSeconds}.`,
  );
}

/** Reads all events of the library for the history. Unread events would accumulate. */
async function recordHistory(
  events: ReturnType<StateMachine['run']>['eventLogs'],
  visits: ReadonlyMap<string, Visit>,
  {
    onEntered,
    onTooLarge,
  }: {
    readonly onEntered: (state: StateEntered) => void;
    /** Receives the error of a state whose input or output is too large. */
    readonly onTooLarge: (error: DataLimitExceeded) => void;
  },
): Promise<void> {
  for await (const event of events) {
    if ('state' in event && event.type !== 'StateFailed') {
      const { name, input, output } = event.state;
      if (isTooLarge(input) || isTooLarge(output)) onTooLarge(new DataLimitExceeded(`The data of ${name}`));
    }
    if (event.type === 'StateEntered') {
      const { name, type, input } = event.state;
      onEntered({ name, type, timestampMs: event.timestamp, input });
    } else if (event.type === 'StateExited' || event.type === 'StateCaught') {
      visits.get(event.state.name)?.leave();
    }
  }
}
