/** Creates the error for a client that does not declare tasks in its request. */
import { MissingRequiredClientCapabilityError, type ProtocolError } from '@modelcontextprotocol/server';
import { TASKS_EXTENSION } from '../protocol-method.ts';

export function tasksNotDeclared(): ProtocolError {
  return new MissingRequiredClientCapabilityError(
    { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } },
    `This request needs a client that supports tasks. Declare ${TASKS_EXTENSION} in its client capabilities.`,
  );
}
