/** Creates the deliveries that wait for a client that polls or streams. */
import type { JobEvent } from '../../lambdas/events/event.ts';
import { DeliveryStatus, deliveryKey } from '../../lambdas/webhooks/deliveries/delivery.ts';
import type { DeliveryStore } from '../../lambdas/webhooks/deliveries/delivery-store.ts';

const KEPT_MS = 30 * 24 * 60 * 60 * 1_000;

/** Records an event of a job for an endpoint, as the events function does. The record expires 30 days after `nowMs`. */
export async function holdEvent(
  deliveries: Pick<DeliveryStore, 'create'>,
  { owner, endpointId }: { readonly owner: string; readonly endpointId: string },
  event: JobEvent,
  nowMs: number,
): Promise<void> {
  const [jobId = '', version] = event.id.split('.');
  await deliveries.create(
    {
      jobId,
      deliveryKey: deliveryKey(Number(version), endpointId),
      owner,
      endpointId,
      type: event.type,
      event,
      status: DeliveryStatus.held,
      expiresAt: Math.floor((nowMs + KEPT_MS) / 1_000),
    },
    { listed: true },
  );
}
