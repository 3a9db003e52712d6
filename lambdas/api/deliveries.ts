/** Deliveries: to look at what became of them, and to send them again. */
import * as z from 'zod';
import { AppError, ErrorCode } from '../shared/errors.ts';
import { type Delivery, parseDeliveryId } from '../webhooks/deliveries/delivery.ts';
import { viewDelivery } from '../webhooks/deliveries/delivery-view.ts';
import { type ReplayOptions, replayDelivery, replayEndpoint } from '../webhooks/deliveries/replay.ts';
import {
  endpointDeliveriesCursor,
  MAX_DELIVERIES,
  pageOfDeliveries,
  replayCursor,
} from './delivery-pages.ts';
import type { ApiDependencies, RouteHandler } from './dependencies.ts';
import { checkActive, findEndpoint } from './find-endpoint.ts';
import { pageQuery } from './paging.ts';
import type { ApiRequest } from './request.ts';

const replayBody = z.strictObject({
  since: z.iso.datetime({ offset: true }).optional(),
  cursor: z.string().optional(),
});

export function deliveryRoutes(dependencies: Pick<ApiDependencies, 'endpoints' | 'deliveries' | 'queue'>) {
  const { endpoints, deliveries } = dependencies;

  /** Unknown, malformed, expired and somebody else's ids all look the same. */
  async function find(request: ApiRequest): Promise<Delivery> {
    const id = parseDeliveryId(request.param('delivery_id'));
    const delivery = id && (await deliveries.get(id));
    const isThere = delivery?.owner === request.owner && delivery.expiresAt * 1000 > Date.now();
    if (delivery && isThere) return delivery;
    throw new AppError(
      ErrorCode.deliveryNotFound,
      'There is no such delivery: the id is wrong, or the record has expired.',
    );
  }

  return {
    'GET /endpoints/{endpoint_id}/deliveries': async (request) => {
      const { limit, cursor } = request.query(pageQuery(MAX_DELIVERIES));
      const { endpointId } = await findEndpoint(endpoints, request);
      const after = cursor === undefined ? undefined : endpointDeliveriesCursor.decode(cursor);
      const page = await deliveries.listOfEndpoint(endpointId, { limit, newestFirst: true, after });
      return { status: 200, body: pageOfDeliveries(page, endpointDeliveriesCursor) };
    },

    'POST /endpoints/{endpoint_id}/replay': async (request) => {
      const from = readReplay(request.body(replayBody));
      const endpoint = await findEndpoint(endpoints, request);
      checkActive(endpoint);
      const { endpointId } = endpoint;
      const { remainingMs } = request;
      const { replayed, next } = await replayEndpoint(dependencies, { endpointId, from, remainingMs });
      return { status: 202, body: { replayed, ...(next && { next_cursor: replayCursor.encode(next) }) } };
    },

    'GET /deliveries/{delivery_id}': async (request) => {
      request.takesNoParameters();
      return { status: 200, body: viewDelivery(await find(request)) };
    },

    'POST /deliveries/{delivery_id}/replay': async (request) => {
      request.takesNothing();
      const delivery = await find(request);
      // A callback goes to its own URL; whatever else would be cancelled at its first attempt.
      if (delivery.url === undefined) {
        checkActive(await endpoints.get(delivery.owner, delivery.endpointId));
      }
      return { status: 202, body: viewDelivery(await replayDelivery(dependencies, delivery)) };
    },
  } satisfies Record<string, RouteHandler>;
}

/** @throws AppError INVALID_ARGUMENTS, INVALID_CURSOR */
function readReplay({ since, cursor }: z.output<typeof replayBody>): ReplayOptions['from'] {
  if (cursor !== undefined && since === undefined) return replayCursor.decode(cursor);
  if (since === undefined || cursor !== undefined) {
    throw new AppError(
      ErrorCode.invalidArguments,
      'since, cursor: give one of them: since to begin, or the next_cursor of the call before as cursor to go on.',
    );
  }
  if (Date.parse(since) > Date.now()) {
    throw new AppError(ErrorCode.invalidArguments, 'since: is in the future. Give a time that has been.');
  }
  return { since: new Date(since).toISOString() };
}
