/** State machines of the operator's own, which no stack of ours makes: found by ARN, by name or by tag, also at deploy. */
import { ArnFormat, Stack, Token } from 'aws-cdk-lib';
import type { Construct, Node } from 'constructs';
import type { OperationDefinition } from '../../lambdas/definition/operation-definition.ts';
import {
  isStateMachineOperation,
  type StateMachineOperation,
} from '../../lambdas/definition/operation-definition.ts';
import {
  parseStateMachineArn,
  validateStateMachine,
} from '../../lambdas/definition/state-machine-operation.ts';
import { findTaggedMachines } from './tagged-state-machines.ts';

const KEY = 'stateMachines';

/**
 * What the context maps, and what it does not map and has a tag.
 * @returns by operation: the ARN or the name of its state machine
 * @throws Error that names the key of the CDK context and the remedy
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
          `${KEY}: "${entry}" maps no operation that has a state machine of yours. There are: ` +
            `${known.join(', ') || 'none'}. Give pairs, separated by commas: -c ${KEY}=report=arn:aws:states:…`,
        );
      }
      validateStateMachine(`${KEY}: operation "${name}"`, arnOrName);
      return [name, arnOrName] as const;
    });
  const mapped = Object.fromEntries(entries);
  const unmapped = known.filter((name) => !Object.hasOwn(mapped, name));
  return { ...(await findTaggedMachines(node, unmapped)), ...mapped };
}

/**
 * @param mapped comes before what the definition says
 * @throws Error when nobody says which machine it is, or it is known to be in another account or region
 */
export function operatorMachineArn(
  scope: Construct,
  { name, stateMachine }: StateMachineOperation,
  mapped: string | undefined,
): string {
  const stack = Stack.of(scope);
  const arnOrName = mapped ?? stateMachine.arnOrName;
  if (arnOrName === undefined) {
    throw new Error(
      `Operation "${name}" has no state machine: give its definition stateMachineArn or stateMachineName, or deploy with ` +
        `-c ${KEY}=${name}=arn:aws:states:…, or tag its machine: -c stateMachineTag=KEY, with the value ${name}`,
    );
  }
  validateStateMachine(`Operation "${name}"`, arnOrName);
  const arn = parseStateMachineArn(arnOrName);
  if (!arn) {
    return stack.formatArn({
      service: 'states',
      resource: 'stateMachine',
      resourceName: arnOrName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }
  for (const part of ['region', 'account'] as const) {
    if (!Token.isUnresolved(stack[part]) && stack[part] !== arn[part]) {
      throw new Error(
        `Operation "${name}" has a state machine in the ${part} ${arn[part]}, and the stack is in ${stack[part]}: ` +
          'deploy the stack there, or give a machine that is where the stack is.',
      );
    }
  }
  return arnOrName;
}
