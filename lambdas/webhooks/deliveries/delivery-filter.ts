/** Lists an endpoint's deliveries that match a filter. */
import type { Delivery, DeliveryStatus } from './delivery.ts';
import {
  type DeliveryPage,
  type DeliveryPosition,
  type DeliveryStore,
  positionOf,
} from './delivery-store.ts';

/** A delivery matches when it has all of these. */
export interface DeliveryFilter {
  readonly status?: DeliveryStatus;
  readonly type?: Delivery['type'];
  readonly jobId?: string;
  /** The operation of the event's job; a test event has none. */
  readonly operation?: string;
}

export function matchesFilter(
  { status, type, jobId, event }: Delivery,
  {
    status: wantedStatus = status,
    type: wantedType = type,
    jobId: wantedJob = jobId,
    operation,
  }: DeliveryFilter,
): boolean {
  return (
    status === wantedStatus &&
    type === wantedType &&
    jobId === wantedJob &&
    (operation === undefined || ('operation' in event.data && event.data.operation === operation))
  );
}

export interface FilteredListOptions {
  readonly limit: number;
  readonly filter: DeliveryFilter;
  /** ISO 8601, inclusive. */
  readonly since?: string;
  /** ISO 8601, inclusive. */
  readonly until?: string;
  readonly after?: DeliveryPosition;
  /** Milliseconds left. The function stops in time and returns its position. */
  readonly remainingMs: () => number;
}

/** One batch read. */
const PAGE_SIZE = 100;
/** Bounds the reads of a call to a thousand deliveries. */
const MAX_PAGES = 10;
/** Enough for one more page, even when the table is slow. */
const RESERVE_MS = 10_000;

/** Lists matching deliveries, newest first. A page may be short, even empty, and still have `next`. */
export async function listMatching(
  deliveries: Pick<DeliveryStore, 'listOfEndpoint'>,
  endpointId: string,
  { limit, filter, after, remainingMs, ...times }: FilteredListOptions,
): Promise<DeliveryPage<DeliveryPosition>> {
  const found: Delivery[] = [];
  let position = after;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    if (pages > 0 && remainingMs() < RESERVE_MS) break;
    const query = { ...times, limit: PAGE_SIZE, newestFirst: true, after: position };
    const page = await deliveries.listOfEndpoint(endpointId, query);
    const matching = page.deliveries.filter((delivery) => matchesFilter(delivery, filter));
    const isFull = found.length + matching.length > limit;
    found.push(...matching.slice(0, limit - found.length));
    // The rest of the page is for the next call.
    const last = found.at(-1);
    position = isFull && last ? positionOf(last) : page.next;
    if (!position || found.length === limit) break;
  }
  return { deliveries: found, ...(position && { next: position }) };
}
