/**
 * Replaces `@smithy/core/event-streams` in the engine's functions. It is 15 KB for operations whose messages are streams of events,
 * and the engine calls none of them.
 */

export class EventStreamSerde {
  constructor() {
    missing();
  }
}

/** Clients that have such operations call it when they are created. */
export function resolveEventStreamSerdeConfig<T>(config: T): T {
  return config;
}

export function eventStreamSerdeProvider(): never {
  return missing();
}

function missing(): never {
  throw new Error(
    'This bundle has no event streams: set `wholeSdk` of its function to call operations that use them.',
  );
}
