/** Defines `events/list`: lists all event types on one page (SEP-3415, Listing Available Events). */
import * as z from 'zod';
import { Scope } from '../../shared/caller.ts';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import type { ProtocolMethod } from '../protocol-method.ts';
import { defineEventMethod } from './event-method.ts';
import type { EventTypes } from './event-types.ts';

export function listMethod(types: EventTypes): ProtocolMethod {
  return defineEventMethod({
    method: 'events/list',
    scopes: [Scope.jobsRead],
    params: z.object({ cursor: z.string().nullish() }),
    async call({ cursor }) {
      if (typeof cursor !== 'string') return { events: types.list() };
      throw new AppError(
        ErrorCode.invalidCursor,
        'cursor: all event types are on one page, which has no cursor. List them without one.',
      );
    },
  });
}
