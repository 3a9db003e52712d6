/** The states beside a step that has APIs called: Step Functions waits and calls by itself, and the step begins anew. */
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

/** Step Functions gives up after 60 s by itself. */
const CALL_TIMEOUT = Duration.seconds(75);

/**
 * `step` says which state comes next, or has ended its job. For each API there are two that call, since what has no body must
 * not be given one; and before each of them one that waits, past which the first call goes.
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

/** A call is never tried again by its state: only the step knows whether that may be done. */
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
        // The host is written here: whatever the path is, the credentials go nowhere else.
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
