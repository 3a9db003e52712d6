/** From an event to those who are to be told of it: a record and a queue message for each delivery. */

import type { EventSink, ToldEvent } from '../events/publish-events.ts';
import { type Delivery, DeliveryStatus, deliveryKey, keptUntil } from './deliveries/delivery.ts';
import { attemptMessage, type DeliveryQueue } from './deliveries/delivery-queue.ts';
import type { DeliveryStore } from './deliveries/delivery-store.ts';
import { CALLBACKS_ID, type Endpoint, EndpointKind, wants } from './endpoints/endpoint.ts';
import type { EndpointStore } from './endpoints/endpoint-store.ts';

type NewDelivery = Parameters<DeliveryStore['create']>[0];

interface Routed {
  readonly told: ToldEvent;
  readonly delivery: NewDelivery;
}

/** A record bears the time of its call: more would wait for a connection, and be older than they look to who polls. */
const RECORDED_AT_ONCE = 50;

export class EventRouter implements EventSink {
  readonly #endpoints: EndpointStore;
  readonly #deliveries: DeliveryStore;
  readonly #queue: DeliveryQueue;

  constructor(endpoints: EndpointStore, deliveries: DeliveryStore, queue: DeliveryQueue) {
    this.#endpoints = endpoints;
    this.#deliveries = deliveries;
    this.#queue = queue;
  }

  /**
   * Records first, then messages: an event that is told again finds its records, and only adds messages that find
   * their attempts made. One query an owner in the batch; nothing more for an event that nobody wants.
   * @returns the first event of which somebody was not told.
   */
  async send(events: readonly ToldEvent[]): Promise<ToldEvent | undefined> {
    const owners = [...new Set(events.map(({ job }) => job.owner))];
    const endpoints = new Map(
      await Promise.all(owners.map(async (owner) => [owner, await this.#endpoints.list(owner)] as const)),
    );
    const routed = events.flatMap((told) =>
      deliveriesOf(told, endpoints.get(told.job.owner) ?? []).map((delivery) => ({ told, delivery })),
    );
    const failed = await this.#record(routed);
    const queued = routed.filter(
      ({ told, delivery }) => !failed.has(told) && delivery.status === DeliveryStatus.pending,
    );
    const unsent = await this.#queue.sendAll(
      queued.map(({ delivery }) => ({ message: attemptMessage(delivery as Delivery, 1) })),
    );
    for (const index of unsent) {
      const told = queued[index]?.told;
      if (told) failed.add(told);
    }
    return events.find((told) => failed.has(told));
  }

  /** @returns the events of which a delivery was not recorded. */
  async #record(routed: readonly Routed[]): Promise<Set<ToldEvent>> {
    const failed = new Set<ToldEvent>();
    for (let start = 0; start < routed.length; start += RECORDED_AT_ONCE) {
      await Promise.all(
        routed.slice(start, start + RECORDED_AT_ONCE).map(async ({ told, delivery }) => {
          try {
            await this.#deliveries.create(delivery, { listed: delivery.endpointId !== CALLBACKS_ID });
          } catch (error) {
            console.warn({ message: 'A delivery was not recorded', event: told.event.id, error });
            failed.add(told);
          }
        }),
      );
    }
    return failed;
  }
}

function deliveriesOf({ event, job }: ToldEvent, endpoints: readonly Endpoint[]): NewDelivery[] {
  const nowMs = Date.now();
  const common = {
    jobId: job.jobId,
    owner: job.owner,
    type: event.type,
    event,
    expiresAt: keptUntil(job.expiresAt, nowMs),
  };
  const sent = { status: DeliveryStatus.pending, nextAttemptAt: new Date(nowMs).toISOString() };
  const toEndpoints = endpoints
    .filter((endpoint) => wants(endpoint, event, nowMs))
    .map(({ endpointId, kind }) => ({
      ...common,
      endpointId,
      deliveryKey: deliveryKey(job.version, endpointId),
      ...(kind === EndpointKind.mailbox ? { status: DeliveryStatus.held } : sent),
    }));
  if (!job.callback?.events.includes(event.type)) return toEndpoints;
  const toCallback = {
    ...common,
    endpointId: CALLBACKS_ID,
    deliveryKey: deliveryKey(job.version, CALLBACKS_ID),
    url: job.callback.url,
    ...sent,
  };
  return [toCallback, ...toEndpoints];
}
