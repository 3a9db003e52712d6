/** Handles `/deliveries` and an endpoint's deliveries: lists, shows and replays them. */
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

export function deliveryRoutes(
  dependencies: Pick<ApiDependencies, 'endpoints' | 'deliveries' | 'queue' | 'waits'>,
) {
  const { endpoints, deliveries, waits } = dependencies;

  /** @throws AppError DELIVERY_NOT_FOUND, the same for unknown, malformed, expired and other owners' ids */
  async function find(request: ApiRequest): Promise<Delivery> {
    const id = parseDeliveryId(request.param('delivery_id'));
    const delivery = id && (await deliveries.get(id));
    const isFound = delivery?.owner === request.owner && delivery.expiresAt * 1000 > Date.now();
    if (delivery && isFound) return delivery;
    throw new AppError(
      ErrorCode.deliveryNotFound,
      'No such delivery: the id is wrong, or the record has expired. Use a delivery_id from a list of deliveries.',
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
      // A replay of a thousand deliveries takes seconds.
      const { replayed, next } = await waits.run(request.owner, remainingMs(), () =>
        replayEndpoint(dependencies, { endpointId, from, remainingMs }),
      );
      return { status: 202, body: { replayed, ...(next && { next_cursor: replayCursor.encode(next) }) } };
    },

    'GET /deliveries/{delivery_id}': async (request) => {
      request.expectNoParameters();
      return { status: 200, body: viewDelivery(await find(request)) };
    },

    'POST /deliveries/{delivery_id}/replay': async (request) => {
      request.expectNoInput();
      const delivery = await find(request);
      // A callback has its own URL. Any other delivery needs an active endpoint: its first attempt would cancel it.
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
      'since, cursor: expected exactly one. Send since to start, or the previous next_cursor as cursor to continue.',
    );
  }
  if (Date.parse(since) > Date.now()) {
    throw new AppError(ErrorCode.invalidArguments, `since: ${since} is in the future. Send a past time.`);
  }
  return { since: new Date(since).toISOString() };
}
