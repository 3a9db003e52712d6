/** Routes events to their endpoints: creates a record and a queue message for each delivery. */

import { EventType, type JobEvent } from '../events/event.ts';
import type { EventSink, SinkOutcome, StreamEvent } from '../events/event-sink.ts';
import { logKeysOf } from '../jobs/job.ts';
import type { JobStore } from '../jobs/job-store.ts';
import { isRefusedForGood } from '../shared/aws/refused-for-good.ts';
import { log } from '../shared/observability/log.ts';
import { settledCursor } from './deliveries/cursor.ts';
import {
  type Delivery,
  DeliveryStatus,
  deliveryId,
  deliveryKey,
  retainedUntil,
} from './deliveries/delivery.ts';
import { attemptMessage, type DeliveryQueue } from './deliveries/delivery-queue.ts';
import type { DeliveryStore } from './deliveries/delivery-store.ts';
import { CALLBACKS_ID, type Endpoint, EndpointKind, isSubscribedTo } from './endpoints/endpoint.ts';
import type { EndpointStore } from './endpoints/endpoint-store.ts';

type NewDelivery = Parameters<DeliveryStore['create']>[0];

interface Routed {
  readonly source: StreamEvent;
  readonly delivery: NewDelivery;
}

/** Marks the jobs as watched whose progress somebody receives. */
export interface ProgressWatch {
  readonly jobs: Pick<JobStore, 'watchSubscribed'>;
  /** The progress of every job has a receiver, such as the topic. */
  readonly isOfAll: boolean;
}

/**
 * A record gets the time of its write call. More calls at once would wait for a connection: their records would be
 * visible later than their time says, and a polling client would miss them.
 */
const MAX_CONCURRENT_WRITES = 50;

export class EventRouter implements EventSink {
  readonly name = 'webhooks';
  readonly #endpoints: EndpointStore;
  readonly #deliveries: DeliveryStore;
  readonly #queue: DeliveryQueue;
  readonly #progress: ProgressWatch;

  constructor(
    endpoints: EndpointStore,
    deliveries: DeliveryStore,
    queue: DeliveryQueue,
    progress: ProgressWatch,
  ) {
    this.#endpoints = endpoints;
    this.#deliveries = deliveries;
    this.#queue = queue;
    this.#progress = progress;
  }

  /**
   * Writes records first, then messages. A repeated event finds its records and adds only messages whose attempts are
   * already made. Costs one query an owner in the batch, and nothing more for an event without subscribers. A subscriber of
   * progress also costs one write a minute for each running job, so that its steps write progress often.
   */
  async send(events: readonly StreamEvent[]): Promise<SinkOutcome> {
    const owners = [...new Set(events.map(({ job }) => job.owner))];
    const endpoints = new Map(
      await Promise.all(owners.map(async (owner) => [owner, await this.#endpoints.list(owner)] as const)),
    );
    const routed = events.flatMap((source) =>
      deliveriesOf(source, endpoints.get(source.job.owner) ?? []).map((delivery) => ({ source, delivery })),
    );
    const { recorded, failed, refused } = await this.#record(routed);
    const queued = recorded.filter(({ delivery }) => delivery.status === DeliveryStatus.pending);
    const unsent = await this.#queue.sendAll(
      queued.map(({ delivery }) => ({ message: attemptMessage(delivery as Delivery, 1) })),
    );
    for (const index of unsent) {
      const source = queued[index]?.source;
      if (source) failed.add(source);
    }
    // Last, so that it delays no delivery.
    await this.#watch(events, endpoints);
    return { failed: [...failed], refused: [...refused] };
  }

  async #watch(
    events: readonly StreamEvent[],
    endpoints: ReadonlyMap<string, readonly Endpoint[]>,
  ): Promise<void> {
    const latest = new Map(events.map((source) => [source.job.jobId, source]));
    const followed = [...latest.values()].filter(
      ({ event, job }) => this.#progress.isOfAll || isFollowed(event, endpoints.get(job.owner) ?? []),
    );
    await Promise.all(followed.map(({ job }) => this.#progress.jobs.watchSubscribed(job)));
  }

  /** @returns the recorded deliveries, the events with one that failed, and those with one that the table refuses for good */
  async #record(routed: readonly Routed[]) {
    const failed = new Set<StreamEvent>();
    const refused = new Set<StreamEvent>();
    const recorded = new Set<Routed>();
    for (let start = 0; start < routed.length; start += MAX_CONCURRENT_WRITES) {
      if (failed.size > 0) {
        // The table is unavailable. The retry queue takes the rest, before the function times out.
        for (const { source } of routed.slice(start)) failed.add(source);
        break;
      }
      await Promise.all(
        routed.slice(start, start + MAX_CONCURRENT_WRITES).map(async (each) => {
          const { source, delivery } = each;
          try {
            await this.#deliveries.create(delivery, { listed: delivery.endpointId !== CALLBACKS_ID });
            recorded.add(each);
          } catch (error) {
            log.warn('A delivery was not recorded', {
              ...logKeysOf(source.job),
              delivery_id: deliveryId(delivery),
              error,
            });
            (isRefusedForGood(error) ? refused : failed).add(source);
          }
        }),
      );
    }
    return { recorded: routed.filter((each) => recorded.has(each)), failed, refused };
  }
}

/** Whether an endpoint will receive the progress of the event's job. */
function isFollowed(event: JobEvent, endpoints: readonly Endpoint[]): boolean {
  const progress = { ...event, type: EventType.progress };
  return endpoints.some((endpoint) => isSubscribedTo(endpoint, progress, Date.now()));
}

function deliveriesOf({ event, job }: StreamEvent, endpoints: readonly Endpoint[]): NewDelivery[] {
  const nowMs = Date.now();
  const common = {
    jobId: job.jobId,
    owner: job.owner,
    type: event.type,
    event,
    expiresAt: retainedUntil(job.expiresAt, nowMs),
    ...(job.trace && { trace: job.trace }),
  };
  const pending = { status: DeliveryStatus.pending, nextAttemptAt: new Date(nowMs).toISOString() };
  const toEndpoints = endpoints
    .filter((endpoint) => isSubscribedTo(endpoint, event, nowMs))
    .map((endpoint) => ({
      ...common,
      endpointId: endpoint.endpointId,
      deliveryKey: deliveryKey(job.version, endpoint.endpointId),
      ...(endpoint.kind === EndpointKind.mailbox ? { status: DeliveryStatus.held } : pending),
      ...(endpoint.kind === EndpointKind.subscription && { cursor: settledCursor(endpoint, nowMs) }),
    }));
  if (!job.callback?.events.includes(event.type)) return toEndpoints;
  const toCallback = {
    ...common,
    endpointId: CALLBACKS_ID,
    deliveryKey: deliveryKey(job.version, CALLBACKS_ID),
    url: job.callback.url,
    ...pending,
  };
  return [toCallback, ...toEndpoints];
}
