/** Renders pages of deliveries and defines their cursors. */
import * as z from 'zod';
import { Cursor } from '../shared/cursor.ts';
import { deliveryId, parseDeliveryId } from '../webhooks/deliveries/delivery.ts';
import type { DeliveryId, DeliveryPage, DeliveryPosition } from '../webhooks/deliveries/delivery-store.ts';
import { viewDelivery } from '../webhooks/deliveries/delivery-view.ts';
import type { ReplayPosition } from '../webhooks/deliveries/replay.ts';
import { deliveryFilter } from './delivery-filters.ts';

/**
 * Twenty attempts with responses full of quotes are 82 KB as JSON inside JSON. Fifty such deliveries stay under Lambda's
 * 6 MB.
 */
export const MAX_DELIVERIES = 50;

const id = { jobId: z.string(), deliveryKey: z.string() };
const isId = (position: DeliveryId) => parseDeliveryId(deliveryId(position)) !== undefined;
// Within the bounds of the store's query: DynamoDB rejects a start key outside of them.
const createdAt = z.iso.datetime().refine((time) => time < '9');
const endpointPosition: z.ZodType<DeliveryPosition> = z.strictObject({ ...id, createdAt }).refine(isId);

export const jobDeliveriesCursor = new Cursor<DeliveryId>(z.strictObject(id).refine(isId));
export const endpointDeliveriesCursor = new Cursor<DeliveryPosition>(endpointPosition);
export const replayCursor = new Cursor<ReplayPosition>(
  z
    .strictObject({ until: createdAt, after: endpointPosition, filter: deliveryFilter.optional() })
    .refine(({ until, after }) => after.createdAt <= until),
);

export function pageOfDeliveries<Position>(
  { deliveries, next }: DeliveryPage<Position>,
  cursor: Cursor<Position>,
) {
  return {
    deliveries: deliveries.map(viewDelivery),
    ...(next && { next_cursor: cursor.encode(next) }),
  };
}
