/** Handles `/endpoints`: registers, lists, changes, deletes and tests an owner's webhook endpoints. */
import { randomBytes, randomUUID } from 'node:crypto';
import { Scope } from '../shared/caller.ts';
import { acceptHost, acceptUrl } from '../shared/http/accept-url.ts';
import { currentTrace } from '../shared/observability/tracing.ts';
import {
  DeliveryStatus,
  deliveryId,
  deliveryKey,
  retainedUntil,
  TEST_EVENT,
} from '../webhooks/deliveries/delivery.ts';
import { replayDelivery } from '../webhooks/deliveries/replay.ts';
import {
  DEFAULT_EVENTS,
  DisabledReason,
  type Endpoint,
  EndpointKind,
} from '../webhooks/endpoints/endpoint.ts';
import type { EndpointChanges } from '../webhooks/endpoints/endpoint-store.ts';
import { createSecret } from '../webhooks/signing/signature.ts';
import type { ApiDependencies, RouteHandler } from './dependencies.ts';
import { endpointChanges, newEndpoint, readEvents, readOperations } from './endpoint-input.ts';
import { viewEndpoint } from './endpoint-view.ts';
import { checkActive, endpointNotFound, findEndpoint } from './find-endpoint.ts';
import type { ApiRequest } from './request.ts';

export function endpointRoutes(dependencies: ApiDependencies) {
  const { operations, endpoints, deliveries, queue, seal, waits, addressPolicy } = dependencies;

  /**
   * Checks a URL and the addresses of its host. The name servers of the host decide how long that takes, so without a free
   * slot only the text is checked: each attempt of a delivery checks the addresses.
   */
  async function accept(request: ApiRequest, url: string): Promise<string> {
    const release = await waits.take(request.owner, request.remainingMs());
    if (!release) return acceptUrl('url', url, addressPolicy);
    return acceptHost('url', url, addressPolicy).finally(release);
  }

  return {
    'POST /endpoints': async (request) => {
      const { url, events, operations: only, description } = request.body(newEndpoint);
      const { owner } = request;
      const secret = createSecret();
      const endpointId = `ep_${randomBytes(16).toString('hex')}`;
      const endpoint = await endpoints.put({
        owner,
        endpointId,
        kind: EndpointKind.webhook,
        events: events ? readEvents(events) : DEFAULT_EVENTS,
        operations: only && readOperations(only, operations),
        description,
        url: await accept(request, url),
        answerLinks: mayAnswer(request),
        secrets: [{ value: await seal.seal({ owner, endpointId }, secret) }],
      });
      return {
        status: 201,
        // Relative to the request: the path before `endpoints` differs between gateways.
        headers: { location: `endpoints/${endpoint.endpointId}` },
        body: { endpoint: viewEndpoint(endpoint), secret },
      };
    },

    'GET /endpoints': async (request) => {
      request.expectNoParameters();
      const all = await endpoints.list(request.owner);
      const shown = all
        .filter(({ kind }) => kind === EndpointKind.webhook)
        .sort((a, b) => a.createdAt.localeCompare(b.createdAt));
      return { status: 200, body: { endpoints: shown.map(viewEndpoint) } };
    },

    'GET /endpoints/{endpoint_id}': async (request) => {
      request.expectNoParameters();
      return { status: 200, body: viewEndpoint(await findEndpoint(endpoints, request)) };
    },

    'PATCH /endpoints/{endpoint_id}': async (request) => {
      const { url, events, operations: only, description, enabled } = request.body(endpointChanges);
      const { owner, endpointId } = await findEndpoint(endpoints, request);
      // An absent property stays unchanged; a property that is undefined is removed by the store.
      const changes: EndpointChanges = {
        ...(url !== undefined && {
          url: await accept(request, url),
          answerLinks: mayAnswer(request),
        }),
        ...(events && { events: readEvents(events) }),
        ...(only !== undefined && { operations: only ? readOperations(only, operations) : undefined }),
        ...(description !== undefined && { description: description ?? undefined }),
        ...(enabled !== undefined && { disabled: enabled ? undefined : disabledNow() }),
      };
      const endpoint = await endpoints.update(owner, endpointId, changes);
      if (!endpoint) throw endpointNotFound();
      return { status: 200, body: viewEndpoint(endpoint) };
    },

    'DELETE /endpoints/{endpoint_id}': async (request) => {
      request.expectNoParameters();
      const { owner, endpointId } = await findEndpoint(endpoints, request);
      if (!(await endpoints.remove(owner, endpointId))) throw endpointNotFound();
      return { status: 204 };
    },

    'POST /endpoints/{endpoint_id}/test': async (request) => {
      request.expectNoInput();
      const endpoint = await findEndpoint(endpoints, request);
      checkActive(endpoint);
      const delivery = testDelivery(endpoint, Date.now());
      await deliveries.create(delivery, { listed: true });
      const created = await deliveries.get(delivery);
      // A replay is not lost when the queue is unavailable.
      if (created) await replayDelivery({ deliveries, queue }, created);
      return { status: 202, body: { delivery_id: deliveryId(delivery) } };
    },
  } satisfies Record<string, RouteHandler>;
}

/** Whether the caller may answer jobs. Only then may the caller's URL receive answer links, which any holder can use. */
function mayAnswer({ caller }: ApiRequest): boolean {
  return caller.scopes.includes(Scope.jobsWrite);
}

function disabledNow(): Endpoint['disabled'] {
  return { at: new Date().toISOString(), reason: DisabledReason.byOwner };
}

/** Returns the delivery of a test event. It has no job, and a random id as its `jobId`. Its replay queues the first attempt. */
function testDelivery({ owner, endpointId }: Endpoint, nowMs: number) {
  const [jobId, version, timestamp] = [randomUUID(), 1, new Date(nowMs).toISOString()];
  return {
    jobId,
    deliveryKey: deliveryKey(version, endpointId),
    owner,
    endpointId,
    type: TEST_EVENT,
    event: { id: `${jobId}.${version}`, type: TEST_EVENT, timestamp, data: { endpoint_id: endpointId } },
    status: DeliveryStatus.pending,
    expiresAt: retainedUntil(0, nowMs),
    trace: currentTrace(),
  } as const;
}
