/** How a client is refused that has not said of this request that it takes tasks. */
import { MissingRequiredClientCapabilityError, type ProtocolError } from '@modelcontextprotocol/server';
import { TASKS_EXTENSION } from '../protocol-method.ts';

export function tasksNotDeclared(): ProtocolError {
  return new MissingRequiredClientCapabilityError(
    { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } },
    `This needs a client that takes tasks: declare ${TASKS_EXTENSION} in the request's client capabilities.`,
  );
}
