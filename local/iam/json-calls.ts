/** Maps requests to Step Functions, Secrets Manager and Lambda to IAM calls. */
import { arn, secretArn } from '../shared/aws-names.ts';
import { machineOfToken } from '../stepfunctions/task-tokens.ts';
import type { Call } from './statements.ts';

/** Actions on a state machine. The others are on an execution or a task token. */
const STATE_MACHINE_ACTIONS = ['ListExecutions', 'StartExecution', 'StartSyncExecution'];

export function stateMachineCall(
  action: string,
  input: {
    readonly stateMachineArn?: string;
    readonly executionArn?: string;
    readonly taskToken?: string;
  },
): Call {
  const { stateMachineArn, executionArn, taskToken } = input;
  const ofToken = taskToken === undefined ? undefined : machineOfToken(taskToken);
  const resource = STATE_MACHINE_ACTIONS.includes(action) ? stateMachineArn : (ofToken ?? executionArn);
  return { action: `states:${action}`, resource: resource ?? '*' };
}

/** @param action on a secret, which `SecretId` names by ARN or by name */
export function secretCall(action: string, { SecretId }: { readonly SecretId?: string }): Call {
  const called = `secretsmanager:${action}`;
  if (SecretId === undefined) return { action: called, resource: '*' };
  return { action: called, resource: SecretId.startsWith('arn:') ? SecretId : secretArn(SecretId) };
}

/** @param nameOrArn of a function */
export function invokeCall(nameOrArn: string): Call {
  const resource = nameOrArn.startsWith('arn:') ? nameOrArn : arn('lambda', `function:${nameOrArn}`);
  return { action: 'lambda:InvokeFunction', resource };
}
