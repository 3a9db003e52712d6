/** The states of one operation: its steps in order, and one way out when a step fails. */
import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Chain, Fail, JitterType, JsonPath, TaskInput, Timeout } from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import {
  type OperationDefinition,
  RETRYABLE_STEP_ERROR,
  STEP_ENDED,
  STEP_WRAP_UP_MS,
} from '../lambdas/operations/define-operation.ts';

export interface OperationStatesProps {
  readonly definition: OperationDefinition;
  readonly stepFunction: IFunction;
  readonly failureRecorder: IFunction;
}

/** Beyond the function's own timeout, so that a step that runs out of time says so itself. */
const STATE_SLACK_MS = STEP_WRAP_UP_MS + 15_000;

/** Lambda's own troubles: nothing of the step has run, or it says so. 1, 2, 4, 8, 16, 32 s: a minute in all. */
const TRANSIENT = {
  errors: [
    'Lambda.ClientExecutionTimeoutException',
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.TooManyRequestsException',
  ],
  interval: Duration.seconds(1),
  backoffRate: 2,
  maxAttempts: 6,
  jitterStrategy: JitterType.FULL,
};

/** The environment died in the middle. Once more: a step that exhausts its memory would do so again. */
const CRASHED = {
  errors: ['Lambda.Unknown', 'Runtime.ExitError'],
  interval: Duration.seconds(1),
  maxAttempts: 1,
};

export function operationStates(scope: Construct, props: OperationStatesProps): Chain {
  const { definition, stepFunction, failureRecorder } = props;
  const failed = new Fail(scope, 'failed', {
    errorPath: '$.caught.Error',
    cause: 'The job record says why.',
  });
  const recordFailure = new LambdaInvoke(scope, 'record_failure', {
    lambdaFunction: failureRecorder,
    payloadResponseOnly: true,
    resultPath: JsonPath.DISCARD,
    retryOnServiceExceptions: false,
    taskTimeout: Timeout.duration(Duration.minutes(1)),
  })
    .addRetry(TRANSIENT)
    .next(failed);

  const states = Object.entries(definition.steps).map(([step, { timeoutMs, retries = 0 }]) => {
    const state = new LambdaInvoke(scope, step, {
      lambdaFunction: stepFunction,
      payload: TaskInput.fromObject({
        step,
        jobId: JsonPath.stringAt('$.jobId'),
        owner: JsonPath.stringAt('$.owner'),
        input: JsonPath.objectAt('$.input'),
        finished: JsonPath.objectAt('$.finished'),
        attempt: JsonPath.numberAt('$$.State.RetryCount'),
      }),
      payloadResponseOnly: true,
      resultPath: `$.finished.${step}`,
      retryOnServiceExceptions: false,
      taskTimeout: Timeout.duration(Duration.millis(timeoutMs + STATE_SLACK_MS)),
    });
    state.addRetry(TRANSIENT);
    state.addRetry(CRASHED);
    if (retries > 0) {
      state.addRetry({
        errors: [RETRYABLE_STEP_ERROR],
        interval: Duration.seconds(2),
        backoffRate: 2,
        maxAttempts: retries,
      });
    }
    return state
      .addCatch(failed, { errors: [STEP_ENDED], resultPath: '$.caught' })
      .addCatch(recordFailure, { resultPath: '$.caught' });
  });
  const [first, ...others] = states;
  if (!first) throw new Error(`Operation ${definition.name} has no steps.`);
  return others.reduce((chain, state) => chain.next(state), Chain.start(first));
}
