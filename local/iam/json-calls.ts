/** What a request to Step Functions or Secrets Manager does, and to which machine, execution or secret. */
import { arn, secretArn } from '../shared/aws-names.ts';
import { machineOfToken } from '../stepfunctions/task-tokens.ts';
import type { Call } from './statements.ts';

/** Of a machine; the others are of an execution, or of a token. */
const OF_MACHINES = ['StartExecution', 'StartSyncExecution'];

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
  const resource = OF_MACHINES.includes(action) ? stateMachineArn : (ofToken ?? executionArn);
  return { action: `states:${action}`, resource: resource ?? '*' };
}

/** A secret is asked for by its ARN or its name. */
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
