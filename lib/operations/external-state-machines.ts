/** Finds external state machines by ARN, name or tag, from definitions and from the CDK context. */
import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { Construct, Node } from 'constructs';
import {
  isStateMachineOperation,
  type OperationDefinition,
  type StateMachineOperation,
} from '../../lambdas/definition/operation-definition.ts';
import {
  parseStateMachineArn,
  validateStateMachine,
} from '../../lambdas/definition/state-machine-operation.ts';
import { checkSameEnvironment } from '../defaults/same-environment.ts';
import { findTaggedStateMachines } from './tagged-state-machines.ts';

const KEY = 'stateMachines';

/**
 * Reads the state machines that the CDK context maps to operations, then those that a tag maps.
 * @returns the ARN or name of the state machine, by name of the operation
 * @throws Error naming the key of the CDK context, the value and the remedy
 */
export async function readStateMachines(
  node: Node,
  operations: readonly OperationDefinition[],
): Promise<Readonly<Record<string, string>>> {
  const value: unknown = node.tryGetContext(KEY) ?? '';
  const known = operations.filter(isStateMachineOperation).map(({ name }) => name);
  const entries = String(value)
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [, name = '', arnOrName = ''] = /^([^=]*)=(.*)$/.exec(entry) ?? [];
      if (!known.includes(name)) {
        throw new Error(
          `${KEY}: "${entry}" names no operation with an external state machine. Use one of: ` +
            `${known.join(', ') || 'none'}. Give pairs, separated by commas: -c ${KEY}=report=arn:aws:states:…`,
        );
      }
      validateStateMachine(`${KEY}: operation "${name}"`, arnOrName);
      return [name, arnOrName] as const;
    });
  const mapped = Object.fromEntries(entries);
  const unmapped = known.filter((name) => !Object.hasOwn(mapped, name));
  return { ...(await findTaggedStateMachines(node, unmapped)), ...mapped };
}

/**
 * Returns the ARN of an operation's external state machine.
 * @param mapped ARN or name that overrides the definition
 * @throws Error naming the operation and the remedy, without a state machine, or when its account or region differs
 */
export function externalStateMachineArn(
  scope: Construct,
  { name, stateMachine }: StateMachineOperation,
  mapped: string | undefined,
): string {
  const stack = Stack.of(scope);
  const arnOrName = mapped ?? stateMachine.arnOrName;
  if (arnOrName === undefined) {
    throw new Error(
      `Operation "${name}" has no state machine: give its definition stateMachineArn or stateMachineName, or deploy with ` +
        `-c ${KEY}=${name}=arn:aws:states:…, or tag the state machine: -c stateMachineTag=KEY, with the value ${name}`,
    );
  }
  validateStateMachine(`Operation "${name}"`, arnOrName);
  if (!parseStateMachineArn(arnOrName)) {
    return stack.formatArn({
      service: 'states',
      resource: 'stateMachine',
      resourceName: arnOrName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }
  checkSameEnvironment(scope, `Operation "${name}"`, 'state machine', arnOrName);
  return arnOrName;
}
