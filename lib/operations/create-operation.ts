/** The construct of an operation: what does its work is made, or is there already. */
import type { Construct } from 'constructs';
import * as z from 'zod';
import type { OperationDefinition } from '../../lambdas/definition/operation-definition.ts';
import { isStateMachineOperation } from '../../lambdas/definition/operation-definition.ts';
import { ExternalStateMachineOperation } from './external-state-machine-operation.ts';
import { Operation, type OperationProps } from './operation.ts';

export interface CreateOperationProps extends Omit<OperationProps, 'definition'> {
  readonly definition: OperationDefinition;
  /** Of the operator's own, by operation. */
  readonly stateMachines: Readonly<Record<string, string>>;
}

/** @throws Error for a definition that clients could not be told of */
export function createOperation(
  scope: Construct,
  { definition, stateMachines, ...props }: CreateOperationProps,
): Operation | ExternalStateMachineOperation {
  const { name, input, output, execution } = definition;
  checkSchema(`Operation "${name}", input`, input, 'input');
  // What a job puts out is any JSON to the tools.
  if (props.options && isStateMachineOperation(definition)) {
    throw new Error(
      `Operation "${name}" runs a state machine of your own and has no function: remove functions.${name}.`,
    );
  }
  if (output && execution.mode === 'sync') checkSchema(`Operation "${name}", output`, output, 'output');
  return isStateMachineOperation(definition)
    ? new ExternalStateMachineOperation(scope, name, {
        definition,
        arnOrName: stateMachines[name],
        workspace: props.workspace,
      })
    : new Operation(scope, name, { definition, ...props });
}

/** Here, because the function makes JSON Schema of it only when the first client asks for the tools. */
function checkSchema(what: string, schema: z.ZodType, io: 'input' | 'output'): void {
  try {
    z.toJSONSchema(schema, { io, target: 'draft-7' });
  } catch (error) {
    throw new Error(
      `${what}: ${(error as Error).message}. Clients need it as JSON Schema: use what has one.`,
      {
        cause: error,
      },
    );
  }
}
