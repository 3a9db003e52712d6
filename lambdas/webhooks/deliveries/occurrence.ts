/** Represents events as MCP Events delivers them: `EventOccurrence` (SEP-3415, Event Occurrences). */
import type { Delivery } from './delivery.ts';

export interface Occurrence {
  /** The same for the same change of a job, whichever way it is delivered. */
  readonly eventId: string;
  readonly name: string;
  /** ISO 8601. */
  readonly timestamp: string;
  readonly data: object;
  /** The position of the subscription after this event; absent where the response has one for all its events. */
  readonly cursor?: string;
}

export function occurrenceOf({ id, type, timestamp, data }: Delivery['event'], cursor?: string): Occurrence {
  return { eventId: id, name: type, timestamp, data, ...(cursor !== undefined && { cursor }) };
}
