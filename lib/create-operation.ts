/** The construct of an operation: what does its work is made, or is there already. */
import type { Construct } from 'constructs';
import type { OperationDefinition } from '../lambdas/operations/define-operation.ts';
import { isStateMachineOperation } from '../lambdas/operations/state-machine-operation.ts';
import { MachineOperation } from './machine-operation.ts';
import { Operation, type OperationProps } from './operation.ts';

export interface CreateOperationProps extends Omit<OperationProps, 'definition'> {
  readonly definition: OperationDefinition;
  /** Of the operator's own, by operation. */
  readonly stateMachines: Readonly<Record<string, string>>;
}

export function createOperation(
  scope: Construct,
  { definition, stateMachines, ...props }: CreateOperationProps,
): Operation | MachineOperation {
  const { name } = definition;
  return isStateMachineOperation(definition)
    ? new MachineOperation(scope, name, {
        definition,
        arnOrName: stateMachines[name],
        workspace: props.workspace,
      })
    : new Operation(scope, name, { definition, ...props });
}
