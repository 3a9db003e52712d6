/** `events/list`: which events there are. One page has them all. */
import * as z from 'zod';
import { defineEventMethod, type EventMethod } from './event-method.ts';
import type { EventTypes } from './event-types.ts';

export function listMethod(types: EventTypes): EventMethod {
  return defineEventMethod({
    method: 'events/list',
    params: z.object({}),
    call: async () => ({ events: types.list() }),
  });
}
