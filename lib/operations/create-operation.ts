/** Creates the construct of an operation, for steps of its own or for an external state machine. */
import { Annotations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type * as z from 'zod';
import {
  isStateMachineOperation,
  type OperationDefinition,
} from '../../lambdas/definition/operation-definition.ts';
import { toolSchema } from '../../lambdas/definition/tool-schema.ts';
import { ExternalStateMachineOperation } from './external-state-machine-operation.ts';
import { Operation, type OperationProps } from './operation.ts';

export interface CreateOperationProps extends Omit<OperationProps, 'definition'> {
  readonly definition: OperationDefinition;
  /** ARN or name of an external state machine, by operation. */
  readonly stateMachines: Readonly<Record<string, string>>;
}

/** @throws Error for a definition whose schema has no JSON Schema */
export function createOperation(
  scope: Construct,
  { definition, stateMachines, ...props }: CreateOperationProps,
): Operation | ExternalStateMachineOperation {
  const { name, input, output, execution } = definition;
  checkSchema(scope, definition, input, 'input');
  // To the tools, the output of a job is any JSON.
  if (props.options && isStateMachineOperation(definition)) {
    throw new Error(
      `Operation "${name}" runs a state machine of your own and has no function: remove functions.${name}.`,
    );
  }
  if (output && execution.mode === 'sync') checkSchema(scope, definition, output, 'output');
  return isStateMachineOperation(definition)
    ? new ExternalStateMachineOperation(scope, name, {
        definition,
        arnOrName: stateMachines[name],
        names: props.names,
        workspace: props.workspace,
      })
    : new Operation(scope, name, { definition, ...props });
}

/**
 * Checks at synthesis: the function converts the schema only when the first client lists the tools. Warns of what clients in
 * other languages than JavaScript could not compile, and do not see.
 */
function checkSchema(
  scope: Construct,
  { name }: OperationDefinition,
  schema: z.ZodType,
  io: 'input' | 'output',
): void {
  try {
    for (const warning of toolSchema(schema, io).warnings) {
      Annotations.of(scope).addWarningV2(
        `mcp-async-operations:${io}Schema`,
        `Operation "${name}", ${warning}`,
      );
    }
  } catch (error) {
    throw new Error(
      `Operation "${name}", ${io}: ${(error as Error).message}. Clients need a JSON Schema: use Zod types that convert to one.`,
      { cause: error },
    );
  }
}
