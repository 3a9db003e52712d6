/** `events/unsubscribe`: ends a subscription at once, where it would end by itself later. */
import * as z from 'zod';
import { Scope } from '../../shared/caller.ts';
import type { ProtocolMethod } from '../protocol-method.ts';
import { subscriptionNotFound } from './errors.ts';
import { defineEventMethod, type EventDependencies } from './event-method.ts';
import type { EventTypes } from './event-types.ts';
import { subscriptionId } from './topic.ts';

const params = z.object({
  name: z.string(),
  arguments: z.unknown().optional(),
  delivery: z.object({ url: z.string() }),
});

export function unsubscribeMethod(
  types: EventTypes,
  { endpoints }: Pick<EventDependencies, 'endpoints'>,
): ProtocolMethod {
  return defineEventMethod({
    method: 'events/unsubscribe',
    scope: Scope.webhooksManage,
    params,
    async call({ name, arguments: args, delivery }, owner) {
      const topic = types.read(name, args);
      // As it was stored, and without its policy: what may not be called any more can still be left.
      const url = URL.parse(delivery.url)?.href ?? delivery.url;
      if (!(await endpoints.remove(owner, subscriptionId(owner, url, topic)))) throw subscriptionNotFound();
      return {};
    },
  });
}
