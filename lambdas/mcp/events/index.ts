/** Creates the methods of MCP Events from the catalogue. */
import type { ProtocolMethod } from '../protocol-method.ts';
import type { EventDependencies } from './event-method.ts';
import { createEventTypes } from './event-types.ts';
import { listMethod } from './list-events.ts';
import { pollMethod } from './poll.ts';
import { streamMethod } from './stream.ts';
import { subscribeMethod } from './subscribe.ts';
import { unsubscribeMethod } from './unsubscribe.ts';

export function createEventMethods(dependencies: EventDependencies): readonly ProtocolMethod[] {
  const types = createEventTypes(dependencies.operations);
  return [
    listMethod(types),
    subscribeMethod(types, dependencies),
    unsubscribeMethod(types, dependencies),
    pollMethod(types, dependencies),
    streamMethod(types, dependencies),
  ];
}
