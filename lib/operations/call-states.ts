/** Creates the states of a step that calls APIs: Step Functions waits and calls, then runs the step again. */
import { Duration } from 'aws-cdk-lib';
import {
  Choice,
  Condition,
  CustomState,
  JsonPath,
  Succeed,
  type TaskStateBase,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { callState } from '../../lambdas/definition/state-names.ts';
import type { ApiConnection } from './api-connections.ts';

/** Step Functions itself stops a call after 60 s. */
const CALL_TIMEOUT = Duration.seconds(75);

/**
 * The output of `step` names the next state, or is null when the step has ended its job. Each API has two calling states,
 * because a request without a body must not contain one. Each of them has a state that waits first; the first call skips it.
 */
export function callStates(
  scope: Construct,
  { step, state, apis }: { step: string; state: TaskStateBase; apis: readonly ApiConnection[] },
): void {
  if (apis.length === 0) return;
  const ofStep = `$.finished.${step}`;
  const next = `${ofStep}.next`;
  const choice = new Choice(scope, `${step}_next`).when(
    Condition.isNull(ofStep),
    new Succeed(scope, `${step}_done`),
  );
  for (const api of apis) {
    for (const hasBody of [false, true]) {
      const variant = { connection: api.name, hasBody };
      const name = callState(step, { ...variant, waits: false });
      const calling = httpTask(scope, name, { api, next, hasBody, resultPath: `${ofStep}.answer` });
      calling.addCatch(state, { resultPath: `${ofStep}.caught` });
      calling.next(state);
      const waiting = new Wait(scope, callState(step, { ...variant, waits: true }), {
        time: WaitTime.secondsPath(`${next}.seconds`),
      });
      choice.when(Condition.stringEquals(`${next}.state`, name), calling);
      choice.when(Condition.stringEquals(`${next}.state`, waiting.stateId), waiting.next(calling));
    }
  }
  state.next(choice);
}

/** The state never retries a call: only the step knows whether a retry is safe. */
function httpTask(
  scope: Construct,
  name: string,
  {
    api: { root, connectionArn },
    next,
    hasBody,
    resultPath,
  }: { api: ApiConnection; next: string; hasBody: boolean; resultPath: string },
): CustomState {
  return new CustomState(scope, name, {
    stateJson: {
      Type: 'Task',
      Resource: 'arn:aws:states:::http:invoke',
      Parameters: {
        // The host is fixed: for any path, the credentials go to no other host.
        'ApiEndpoint.$': JsonPath.format(`${root}{}`, JsonPath.stringAt(`${next}.request.path`)),
        'Method.$': `${next}.request.method`,
        'QueryParameters.$': `${next}.request.query`,
        ...(hasBody && { 'RequestBody.$': '$.input.body' }),
        Authentication: { ConnectionArn: connectionArn },
      },
      ResultPath: resultPath,
      TimeoutSeconds: CALL_TIMEOUT.toSeconds(),
    },
  });
}
