/** Runs Task states: invokes a Lambda function, or calls an API, with AWS's names for failures. */

import { invokeCall } from '../iam/json-calls.ts';
import { Refusal } from '../iam/refusal.ts';
import type { Call } from '../iam/statements.ts';
import { FunctionError } from '../lambda/function-instance.ts';
import { type LambdaFunction, ThrottledError } from '../lambda/functions.ts';
import { qualifiedNameOf } from '../shared/aws-names.ts';
import { createHttpTask, HTTP_INVOKE, type LocalConnections } from './http-task.ts';
import type { TaskRunner } from './state-machine.ts';
import { DataLimitExceeded, MAX_OUTPUT_BYTES, named } from './task-errors.ts';
import type { TaskTokens } from './task-tokens.ts';

const OPTIMIZED_INVOKE = 'arn:aws:states:::lambda:invoke';
const INVOKE_AND_WAIT = `${OPTIMIZED_INVOKE}.waitForTaskToken`;

/**
 * @param machineArn of the state machine that runs the tasks
 * @param authorize throws a Refusal when the state machine lacks the permission
 */
export function createTaskRunner(
  machineArn: string,
  functions: ReadonlyMap<string, LambdaFunction>,
  tokens: TaskTokens,
  connections: LocalConnections,
  authorize: (call: Call) => void,
): TaskRunner {
  const callApi = createHttpTask(machineArn, connections, authorize);

  async function invoke(nameOrArn: string, payload: unknown): Promise<unknown> {
    const name = qualifiedNameOf(nameOrArn);
    authorizing(() => authorize(invokeCall(nameOrArn)));
    const target = functions.get(name);
    if (!target) throw named('Lambda.ResourceNotFoundException', `Function not found: ${nameOrArn}`);
    const result = await target.invoke(JSON.stringify(payload)).catch((error: Error) => {
      if (error instanceof ThrottledError) throw named(`Lambda.${error.name}`, error.message);
      // Other errors are failures of the service, as on AWS.
      throw error instanceof FunctionError ? error : named('Lambda.ServiceException', error.message);
    });
    if (Buffer.byteLength(result) > MAX_OUTPUT_BYTES) throw new DataLimitExceeded(`The result of ${name}`);
    return JSON.parse(result);
  }

  return {
    check(state, resource) {
      if (
        resource === OPTIMIZED_INVOKE ||
        resource === INVOKE_AND_WAIT ||
        resource === HTTP_INVOKE ||
        resource.startsWith('arn:aws:lambda:')
      )
        return;
      throw new Error(
        `State "${state}" uses ${resource}: use a Lambda function or an HTTP task, which the local cloud supports.`,
      );
    },
    issueToken: () => tokens.issue(machineArn),
    revokeToken: (token) => tokens.revoke(token),
    async run(resource, input, token, heartbeatSeconds) {
      if (resource === HTTP_INVOKE) return callApi(input);
      if (resource !== OPTIMIZED_INVOKE && resource !== INVOKE_AND_WAIT) return invoke(resource, input);
      const { FunctionName, Payload = {} } = input as { FunctionName: string; Payload?: unknown };
      if (resource === INVOKE_AND_WAIT) {
        const callback = tokens.wait(token ?? tokens.issue(machineArn), heartbeatSeconds);
        // The callback may arrive while the function still runs.
        await Promise.all([callback, invoke(FunctionName, Payload)]);
        return callback;
      }
      const [, version = '$LATEST'] = qualifiedNameOf(FunctionName).split(':');
      return { ExecutedVersion: version, Payload: await invoke(FunctionName, Payload), StatusCode: 200 };
    },
  };
}

/** @throws Error with the message of Step Functions for an access error of Lambda */
function authorizing(authorize: () => void): void {
  try {
    authorize();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const from = '(Service: AWSLambda; Status Code: 403; Error Code: AccessDeniedException)';
    throw named('Lambda.AWSLambdaException', `${error.message} ${from}`);
  }
}
