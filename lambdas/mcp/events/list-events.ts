/** Defines `events/list`: lists all event types on one page. */
import * as z from 'zod';
import { Scope } from '../../shared/caller.ts';
import type { ProtocolMethod } from '../protocol-method.ts';
import { defineEventMethod } from './event-method.ts';
import type { EventTypes } from './event-types.ts';

export function listMethod(types: EventTypes): ProtocolMethod {
  return defineEventMethod({
    method: 'events/list',
    scopes: [Scope.jobsRead],
    params: z.object({}),
    call: async () => ({ events: types.list() }),
  });
}
