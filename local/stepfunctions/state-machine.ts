/** Runs one state machine: the interpreter is a library, the tasks and what it lacks of AWS's context are here. */
import { ExecutionError, StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';
import { isKnownValid, rememberValid } from './valid-definitions.ts';

/** One state of the definition, as far as it is read here. */
interface State {
  readonly Type: string;
  readonly Resource?: string;
  readonly TimeoutSeconds?: number;
  readonly TimeoutSecondsPath?: string;
  readonly Branches?: readonly Machine[];
  readonly ItemProcessor?: Machine;
  readonly Iterator?: Machine;
}
interface Machine {
  readonly TimeoutSeconds?: number;
  readonly QueryLanguage?: string;
  readonly States: Readonly<Record<string, State>>;
}

/** Runs what a Task state names. What `run` throws has AWS's error as its name and AWS's cause as its message. */
export interface TaskRunner {
  /** @throws Error naming the state and its resource when it cannot be run. */
  check(state: string, resource: string): void;
  /** @returns `$$.Task.Token` of one attempt */
  issueToken(): string;
  /** Nobody waits for it any more. */
  revokeToken(token: string): void;
  /** @param token of this attempt, if its state uses one */
  run(resource: string, input: unknown, token: string | undefined): Promise<unknown>;
}

export type Outcome =
  | { readonly status: 'SUCCEEDED'; readonly output: string }
  | { readonly status: 'FAILED' | 'TIMED_OUT'; readonly error: string; readonly cause?: string }
  | { readonly status: 'ABORTED' };

export interface StateEntered {
  readonly name: string;
  readonly type: string;
  readonly timestampMs: number;
}

export interface Run {
  readonly outcome: Promise<Outcome>;
  /** Grows while it runs. */
  readonly history: readonly StateEntered[];
  /** No further state starts; a task that is running is left to its end, as on AWS. */
  abort(): void;
}

/** The longest that a timer can wait, 24 days; a longer one would fire at once. */
const MAX_TIMER_SECONDS = Math.floor((2 ** 31 - 1) / 1000);

/** @throws Error when the definition is not valid Amazon States Language, or not in JSONPath. */
export function compileStateMachine(
  definition: string,
  tasks: TaskRunner,
  onStateEntered: () => void = () => {},
) {
  const machine = JSON.parse(definition) as Machine;
  if (machine.QueryLanguage === 'JSONata')
    throw new Error('The local cloud runs JSONPath state machines only.');
  const taskStates = tasksOf(machine);
  for (const [name, resource] of taskStates) tasks.check(name, resource);
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

    const handlers = taskStates.map(([name, resource]) => [
      name,
      async (taskInput: unknown) => {
        if (ended) throw new NoFurtherStates();
        const token = visits.get(name)?.beginAttempt();
        return await tasks.run(resource, taskInput, token);
      },
    ]);
    const { result, abort, eventLogs } = interpreter.run(input as never, {
      context: {
        Execution: execution,
        ...Object.fromEntries([...scopes].map(([name, scope]) => [scope, visits.get(name)?.context])),
      },
      overrides: { taskResourceLocalHandlers: Object.fromEntries(handlers) },
    });
    // The library could time an execution out too, but would let a state that waits for its retry run once more.
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
        (output): Outcome => ({ status: 'SUCCEEDED', output: JSON.stringify(output ?? null) }),
        (error: unknown): Outcome => {
          const { name, message } = (error instanceof ExecutionError ? error.cause : error) as Error;
          return { status: 'FAILED', error: name, cause: message };
        },
      )
      .then((natural) => {
        ended ??= natural;
        clearTimeout(timer);
        return ended;
      });
    void follow(eventLogs, visits, (entered) => {
      history.push(entered);
      onStateEntered();
    });
    return { outcome, history, abort: () => end({ status: 'ABORTED' }) };
  };
}

/** One state's stay: `context` is its `$$.State`, and its `$$.Task`. */
function createVisit(name: string, tasks: TaskRunner) {
  let token: string | undefined;
  let enteredTime: string | undefined;
  let attempts = 0;
  return {
    context: {
      Name: name,
      /** Read when the parameters are made up, before each attempt: so the first reading is the entry. */
      get EnteredTime(): string {
        enteredTime ??= new Date().toISOString();
        return enteredTime;
      },
      /** Every attempt but the one being prepared has failed, or timed out. */
      get RetryCount(): number {
        return attempts;
      },
      /** Read, too, before each attempt. */
      get Token(): string {
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
      attempts = 0;
      enteredTime = undefined;
    },
  };
}
type Visit = ReturnType<typeof createVisit>;

/** Ends the interpreter's loop of an execution that is over: no Retry and no Catch sees it. */
class NoFurtherStates extends Error {
  readonly isRetryable = false;
  readonly isCatchable = false;
}

/**
 * Gives each state its own `$$.State`, under a name in `scopes`: the library knows only one context for the whole
 * execution. And gives tasks AWS's default timeout, which is none, for the library's of 60 s.
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

/** Name and resource of every Task state, however deep in branches and maps. */
function tasksOf(machine: Machine): [string, string][] {
  return Object.entries(machine.States).flatMap(
    ([name, { Resource, Branches = [], ItemProcessor, Iterator }]) => {
      const inner = [...Branches, ItemProcessor, Iterator].flatMap((nested) =>
        nested ? tasksOf(nested) : [],
      );
      return Resource ? [[name, Resource], ...inner] : inner;
    },
  );
}

/** Reads the library's events to the end: they are the history, and would pile up unread. */
async function follow(
  events: ReturnType<StateMachine['run']>['eventLogs'],
  visits: ReadonlyMap<string, Visit>,
  onEntered: (state: StateEntered) => void,
): Promise<void> {
  for await (const event of events) {
    if (event.type === 'StateEntered') {
      onEntered({ name: event.state.name, type: event.state.type, timestampMs: event.timestamp });
    } else if (event.type === 'StateExited' || event.type === 'StateCaught') {
      visits.get(event.state.name)?.leave();
    }
  }
}
