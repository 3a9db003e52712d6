/** Holds streams of subscriptions: they take a slot of their owner, name their request, and end with an empty result. */
import { SUBSCRIPTION_ID_META_KEY } from '@modelcontextprotocol/server';
import type { OwnerSlots, Release } from '../shared/aws/owner-slots.ts';
import { measureWait } from '../shared/observability/request-metrics.ts';
import { eventOf } from './event-stream.ts';

/**
 * A client that can resume a stream does so after a minute. Lambda does not tell a function that its client has left, so a lost
 * connection holds a slot of its owner until the stream ends.
 */
export const MAX_RESUMABLE_MS = 60_000;

export type StreamSlots = Pick<OwnerSlots, 'take' | 'exhausted'>;

/**
 * Takes a slot for a stream.
 * @param holdMs the slot is free after this time, in milliseconds, also when the holder crashes
 * @returns what to run at the end of the stream; undefined when the owner has no free slot
 */
export async function holdSlot(
  waits: StreamSlots,
  owner: string,
  holdMs: number,
): Promise<Release | undefined> {
  const release = await waits.take(owner, holdMs);
  if (!release) return undefined;
  const sinceMs = Date.now();
  return () => {
    measureWait(sinceMs);
    return release();
  };
}

/** Returns the messages of a subscription's stream (MCP 2026-07-28, Subscriptions). @param id of the request */
export function subscriptionMessages(id: string | number) {
  const _meta = { [SUBSCRIPTION_ID_META_KEY]: id };
  return {
    notify: (method: string, params: object) => eventOf({ method, params: { ...params, _meta } }),
    /** The server ends the stream. A client that wants to continue sends its request again. */
    end: () => eventOf({ id, result: { resultType: 'complete', _meta } }),
  };
}
