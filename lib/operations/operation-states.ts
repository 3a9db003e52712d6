/** Creates the states of one operation: its steps in order, and one path for failures. */
import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import {
  Chain,
  Errors,
  Fail,
  IntegrationPattern,
  JitterType,
  JsonPath,
  TaskInput,
  type TaskStateBase,
  Timeout,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import type { StepsOperation } from '../../lambdas/definition/operation-definition.ts';
import {
  HEARTBEAT_TIMEOUT,
  INPUT_ANSWERED,
  INPUT_REQUIRED,
  inputState,
  RETRYABLE_STEP_ERROR,
  resumeError,
  SANDBOX_HEARTBEAT_MS,
  STEP_INTERRUPTED,
  STEP_WRAP_UP_MS,
} from '../../lambdas/definition/state-names.ts';
import { SANDBOX_CRASHED } from '../../lambdas/shared/errors.ts';
import type { ApiConnection } from './api-connections.ts';
import { callStates } from './call-states.ts';
import type { StepFunctions } from './step-function.ts';

export interface OperationStatesProps {
  readonly definition: StepsOperation;
  /** States call their published versions, so that an execution keeps the code that it began with. */
  readonly functions: StepFunctions;
  readonly failureRecorder: IFunction;
  /** APIs that steps with `calls` may call. */
  readonly apis: readonly ApiConnection[];
}

/** Time beyond the step's limit, for a cold start and the wrap-up, so that a step reports its own timeout. */
const STATE_SLACK_MS = STEP_WRAP_UP_MS + 15_000;

/** Lambda did not run the step. Delays of 1, 2, 4 … 32 s with full jitter: half a minute on average. */
const TRANSIENT = {
  errors: [
    'Lambda.ClientExecutionTimeoutException',
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
  ],
  interval: Duration.seconds(1),
  backoffRate: 2,
  maxAttempts: 6,
  jitterStrategy: JitterType.FULL,
};

/** The account's concurrency limit is reached. Other steps take minutes to end, so retries last a quarter of an hour. */
const THROTTLED = {
  errors: ['Lambda.TooManyRequestsException'],
  interval: Duration.seconds(5),
  backoffRate: 2,
  maxDelay: Duration.minutes(1),
  maxAttempts: 30,
  jitterStrategy: JitterType.FULL,
};

/** The execution environment crashed. One retry: a step that runs out of memory would do so again. */
const CRASHED = {
  errors: ['Lambda.Unknown', 'Runtime.ExitError', SANDBOX_CRASHED],
  interval: Duration.seconds(1),
  maxAttempts: 1,
};

/**
 * No report of a sandbox arrives. Before the first report, the account's concurrency limit is reached, and retries last a quarter of
 * an hour. After it the sandbox crashed: the runner lets one retry run, and none more.
 */
const SILENT = {
  errors: [HEARTBEAT_TIMEOUT],
  interval: Duration.seconds(1),
  maxAttempts: 20,
  jitterStrategy: JitterType.FULL,
};

/** A write of the step runner failed. */
const INTERRUPTED = {
  errors: [STEP_INTERRUPTED],
  interval: Duration.seconds(2),
  backoffRate: 2,
  maxAttempts: 3,
  jitterStrategy: JitterType.FULL,
};

/** Returns the chain of an operation's states. @throws Error when the operation has no steps */
export function operationStates(scope: Construct, props: OperationStatesProps): Chain {
  const { definition, functions, failureRecorder } = props;
  const failed = new Fail(scope, 'failed', {
    errorPath: '$.caught.Error',
    cause: 'See the error in the job record.',
  });
  const recordFailure = new LambdaInvoke(scope, 'record_failure', {
    lambdaFunction: failureRecorder,
    payloadResponseOnly: true,
    resultPath: JsonPath.DISCARD,
    retryOnServiceExceptions: false,
    taskTimeout: Timeout.duration(Duration.minutes(1)),
  })
    .addRetry(THROTTLED)
    // Recording a failure is idempotent. EventBridge invokes the recorder as well.
    .addRetry({ errors: [Errors.ALL], interval: Duration.seconds(1), backoffRate: 2, maxAttempts: 6 })
    .next(failed);

  const states = Object.entries(definition.steps).map(
    ([step, { timeoutMs, retries = 0, inputTimeoutMs, calls }]) => {
      const stepFunction = functions.of(step).currentVersion;
      const isSandboxed = definition.sandbox !== undefined;
      const startMs = isSandboxed ? SANDBOX_HEARTBEAT_MS : 0;
      const state = new LambdaInvoke(scope, step, {
        lambdaFunction: stepFunction,
        payload: TaskInput.fromObject({
          step,
          ...(isSandboxed && { taskToken: JsonPath.taskToken }),
          jobId: JsonPath.stringAt('$.jobId'),
          owner: JsonPath.stringAt('$.owner'),
          input: JsonPath.objectAt('$.input'),
          finished: JsonPath.objectAt('$.finished'),
          attempt: JsonPath.numberAt('$$.State.RetryCount'),
        }),
        ...(isSandboxed
          ? {
              integrationPattern: IntegrationPattern.WAIT_FOR_TASK_TOKEN,
              heartbeatTimeout: Timeout.duration(Duration.millis(SANDBOX_HEARTBEAT_MS)),
            }
          : { payloadResponseOnly: true }),
        resultPath: `$.finished.${step}`,
        retryOnServiceExceptions: false,
        taskTimeout: Timeout.duration(Duration.millis(timeoutMs + startMs + STATE_SLACK_MS)),
      });
      addRetries(state);
      if (isSandboxed) state.addRetry(SILENT);
      if (retries > 0) {
        state.addRetry({
          errors: [RETRYABLE_STEP_ERROR],
          interval: Duration.seconds(2),
          backoffRate: 2,
          maxAttempts: retries,
        });
      }
      if (inputTimeoutMs !== undefined) {
        state.addCatch(waitForInput(scope, { step, state, inputTimeoutMs, stepFunction, recordFailure }), {
          errors: [INPUT_REQUIRED],
          resultPath: '$.asked',
        });
      }
      return { state, step, calls };
    },
  );
  const [first, ...others] = states;
  if (!first) throw new Error(`Operation ${definition.name} has no steps.`);
  // A choice before the first step would add a transition to every job.
  const resumable = (definition.retry ?? 'from_step') === 'from_step' ? others : [];
  for (const { state, step } of resumable) {
    first.state.addCatch(state, { errors: [resumeError(step)], resultPath: JsonPath.DISCARD });
  }
  for (const { state, step, calls } of states) {
    state.addCatch(recordFailure, { resultPath: '$.caught' });
    if (calls) callStates(scope, { step, state, apis: props.apis });
  }
  return others.reduce((chain, { state }) => chain.next(state), Chain.start(first.state));
}

/** Waits for the answers to a step's questions, without a running function, then runs the step again. */
function waitForInput(
  scope: Construct,
  {
    step,
    state,
    inputTimeoutMs,
    stepFunction,
    recordFailure,
  }: {
    readonly step: string;
    readonly state: TaskStateBase;
    readonly inputTimeoutMs: number;
    readonly stepFunction: IFunction;
    readonly recordFailure: Chain;
  },
): LambdaInvoke {
  const waiting = new LambdaInvoke(scope, inputState(step), {
    lambdaFunction: stepFunction,
    integrationPattern: IntegrationPattern.WAIT_FOR_TASK_TOKEN,
    payload: TaskInput.fromObject({
      taskToken: JsonPath.taskToken,
      jobId: JsonPath.stringAt('$.jobId'),
      step,
      asked: JsonPath.objectAt('$.asked'),
    }),
    resultPath: '$.asked',
    retryOnServiceExceptions: false,
    taskTimeout: Timeout.duration(Duration.millis(inputTimeoutMs)),
  });
  addRetries(waiting);
  waiting.addCatch(state, { errors: [INPUT_ANSWERED], resultPath: '$.asked' });
  waiting.addCatch(recordFailure, { resultPath: '$.caught' });
  waiting.next(state);
  return waiting;
}

function addRetries(state: TaskStateBase): void {
  for (const retry of [TRANSIENT, THROTTLED, CRASHED, INTERRUPTED]) state.addRetry(retry);
}
