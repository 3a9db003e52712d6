/** Handles `/deliveries` and an endpoint's deliveries: lists, shows and replays them. */
import * as z from 'zod';
import { AppError, ErrorCode } from '../shared/errors.ts';
import { type Delivery, parseDeliveryId } from '../webhooks/deliveries/delivery.ts';
import { listMatching } from '../webhooks/deliveries/delivery-filter.ts';
import type { DeliveryPosition } from '../webhooks/deliveries/delivery-store.ts';
import { viewDelivery } from '../webhooks/deliveries/delivery-view.ts';
import { HEALTH_DELIVERIES, viewHealth } from '../webhooks/deliveries/endpoint-health.ts';
import { type ReplayOptions, replayDelivery, replayEndpoint } from '../webhooks/deliveries/replay.ts';
import { viewRequest } from '../webhooks/sending/webhook-request.ts';
import { deliverySelection, readFilter, readTimes } from './delivery-filters.ts';
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

export const deliveriesQuery = pageQuery(MAX_DELIVERIES).extend(deliverySelection);
export const replayBody = z.strictObject({ ...deliverySelection, cursor: z.string().optional() });

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
      const { limit, cursor, ...selection } = request.query(deliveriesQuery);
      const times = readTimes(selection);
      const after = cursor === undefined ? undefined : endpointDeliveriesCursor.decode(cursor);
      checkWithin(times, after);
      const { endpointId } = await findEndpoint(endpoints, request);
      const filter = readFilter(selection);
      const query = { ...times, limit, after };
      const { owner, remainingMs } = request;
      const page = filter
        ? // A filter can read a thousand deliveries, which takes seconds.
          await waits.run(owner, remainingMs(), () =>
            listMatching(deliveries, endpointId, { ...query, filter, remainingMs }),
          )
        : await deliveries.listOfEndpoint(endpointId, { ...query, newestFirst: true });
      return { status: 200, body: pageOfDeliveries(page, endpointDeliveriesCursor) };
    },

    'GET /endpoints/{endpoint_id}/health': async (request) => {
      request.expectNoParameters();
      const { endpointId } = await findEndpoint(endpoints, request);
      const newest = { limit: HEALTH_DELIVERIES, newestFirst: true };
      const page = await deliveries.listOfEndpoint(endpointId, newest);
      return { status: 200, body: viewHealth(page.deliveries) };
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
      const position = next && { reached_at: next.after.createdAt, next_cursor: replayCursor.encode(next) };
      return { status: 202, body: { replayed, ...position } };
    },

    'GET /deliveries/{delivery_id}': async (request) => {
      request.expectNoParameters();
      const delivery = await find(request);
      const view = viewRequest(delivery);
      return { status: 200, body: { ...viewDelivery(delivery), ...(view && { request: view }) } };
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
function readReplay({ cursor, ...selection }: z.output<typeof replayBody>): ReplayOptions['from'] {
  if (cursor !== undefined && Object.keys(selection).length === 0) return replayCursor.decode(cursor);
  const { since, until } = readTimes(selection);
  if (since === undefined || cursor !== undefined) {
    throw new AppError(
      ErrorCode.invalidArguments,
      'since, cursor: expected exactly one. Send since, with filters if you like, to start; or only the previous next_cursor as cursor to continue.',
    );
  }
  const filter = readFilter(selection);
  return { since, ...(until && { until }), ...(filter && { filter }) };
}

/** DynamoDB refuses a position outside of the times. @throws AppError INVALID_CURSOR */
function checkWithin(
  { since = '0', until = '9' }: ReturnType<typeof readTimes>,
  after: DeliveryPosition | undefined,
): void {
  if (!after || (since <= after.createdAt && after.createdAt <= until)) return;
  throw new AppError(
    ErrorCode.invalidCursor,
    'cursor: it is outside of since and until. Send the filters of the page that returned it.',
  );
}
