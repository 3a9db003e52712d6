/** Defines `events/unsubscribe`: ends a subscription at once, instead of at its expiry. */
import * as z from 'zod';
import { Scope } from '../../shared/caller.ts';
import type { ProtocolMethod } from '../protocol-method.ts';
import { subscriptionNotFound } from './errors.ts';
import {
  argumentsParam,
  defineEventMethod,
  type EventDependencies,
  nameParam,
  urlParam,
} from './event-method.ts';
import type { EventTypes } from './event-types.ts';
import { subscriptionId } from './topic.ts';

const params = z.object({
  name: nameParam,
  arguments: argumentsParam,
  delivery: z.object({ url: urlParam }),
});

export function unsubscribeMethod(
  types: EventTypes,
  { endpoints }: Pick<EventDependencies, 'endpoints'>,
): ProtocolMethod {
  return defineEventMethod({
    method: 'events/unsubscribe',
    scopes: [Scope.webhooksManage],
    params,
    async call({ name, arguments: args, delivery }, owner) {
      const topic = types.read(name, args);
      // Normalized as it is stored, but not checked against the address policy: clients can always unsubscribe.
      const url = URL.parse(delivery.url)?.href ?? delivery.url;
      if (!(await endpoints.remove(owner, subscriptionId(owner, url, topic)))) throw subscriptionNotFound();
      return {};
    },
  });
}
