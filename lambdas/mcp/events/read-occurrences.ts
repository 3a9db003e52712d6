/** Reads the events after a position, for polls and streams. */
import { type CursorSubject, encodeCursor, type Position } from '../../webhooks/deliveries/cursor.ts';
import { type Delivery, TEST_EVENT } from '../../webhooks/deliveries/delivery.ts';
import type { DeliveryPosition, DeliveryStore } from '../../webhooks/deliveries/delivery-store.ts';
import { type Occurrence, occurrenceOf } from '../../webhooks/deliveries/occurrence.ts';
import type { History } from './find-history.ts';

export interface OccurrencePage {
  /** In the order in which they were recorded; each with its own cursor. */
  readonly occurrences: readonly Required<Occurrence>[];
  /** The start of the next page. It moves also when nothing happened. */
  readonly position: Position;
  /** The next page can be read at once. */
  readonly hasMore: boolean;
}

/**
 * Costs one query for the keys, and one batch read when there are events.
 * @param limit 1 to 100
 */
export async function readOccurrences(
  store: Pick<DeliveryStore, 'listOfEndpoint'>,
  subject: CursorSubject,
  { endpointId, until, continues, hasGap }: History,
  start: Position,
  limit: number,
): Promise<OccurrencePage> {
  const { createdAt, last } = start;
  const since = last ? createdAt : new Date(Date.parse(createdAt) + 1).toISOString();
  // This function's clock is behind the clock of the function that issued the cursor.
  if (since > until) return { occurrences: [], position: start, hasMore: continues };
  const deliveries: Delivery[] = [];
  let after: DeliveryPosition | undefined = last && { createdAt, ...last };
  do {
    const page = await store.listOfEndpoint(endpointId, {
      limit: limit - deliveries.length,
      since,
      until,
      after,
    });
    deliveries.push(...page.deliveries.filter(({ type }) => type !== TEST_EVENT));
    after = page.next;
  } while (after && deliveries.length < limit);
  // After a gap, the next page starts at `until`, from where history is complete.
  const end = after ?? (hasGap ? undefined : deliveries.at(-1));
  return {
    occurrences: deliveries.map((delivery) => ({
      ...occurrenceOf(delivery.event),
      cursor: encodeCursor(subject, positionOf(delivery)),
    })),
    position: end ? positionOf(end) : { createdAt: until },
    hasMore: after !== undefined || continues,
  };
}

function positionOf({ createdAt, jobId, deliveryKey }: DeliveryPosition): Position {
  return { createdAt, last: { jobId, deliveryKey } };
}
