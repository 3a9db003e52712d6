/** Describes the routes of endpoints, deliveries, secrets and keys. */
import * as z from 'zod';
import { ErrorCode } from '../../shared/errors.ts';
import { DEFAULT_EVENTS } from '../../webhooks/endpoints/endpoint.ts';
import { deliveriesQuery, replayBody } from '../deliveries.ts';
import { MAX_DELIVERIES } from '../delivery-pages.ts';
import { endpointChanges, newEndpoint } from '../endpoint-input.ts';
import type { OwnerRouteName } from '../routes.ts';
import { after, afterDays, ENDPOINT_ID, SECRET } from './examples.ts';
import { cacheControl } from './headers.ts';
import { pageParameters } from './paging.ts';
import type { ResponseDescription, RouteDescription } from './route-description.ts';
import {
  createdEndpoint,
  delivery,
  deliveryPage,
  endpoint,
  endpointHealth,
  endpointList,
  endpointUrl,
  eventType,
  replayed,
  secret,
  testDelivery,
  webhookKeys,
} from './schemas/webhooks.ts';

const TOO_MANY = 'The owner has as many endpoints and subscriptions as the limit allows.';
const TOO_MANY_WAIT = 'Too many calls of the owner wait at the same time.';

const events = z.array(eventType).min(1).max(100);

const newSecret: ResponseDescription = {
  description: 'The new secret. No other response shows it again.',
  schema: secret,
  examples: { replaced: { value: { secret: SECRET, previous_secret_expires_at: afterDays(1) } } },
};

const selection = {
  status: 'Only deliveries with this status.',
  event: 'Only deliveries of this type of event.',
  job_id: 'Only deliveries about this job.',
  operation: 'Only deliveries about jobs of this operation.',
};

export const webhookRouteDescriptions = {
  'GET /endpoints': {
    operationId: 'listEndpoints',
    tags: ['Endpoints'],
    summary: 'List endpoints, oldest first',
    description:
      'Returns all endpoints, without subscriptions of MCP clients. Secrets are never shown again.',
    responses: { 200: { description: "The owner's endpoints.", schema: endpointList } },
  },

  'POST /endpoints': {
    operationId: 'createEndpoint',
    tags: ['Endpoints'],
    summary: 'Register an endpoint',
    description: 'An owner may have 100 endpoints and subscriptions.',
    body: {
      schema: newEndpoint,
      properties: {
        url: { description: 'Where to send events.', schema: endpointUrl },
        events: {
          description: 'The events to send. The default is how a job ends, and when it needs input.',
          schema: events,
          default: DEFAULT_EVENTS,
        },
        operations: 'Send only events of these operations. The default is all, also later ones.',
        description: 'For people.',
      },
      examples: {
        everything: {
          summary: 'The ends and questions of all jobs',
          value: { url: 'https://example.com/jobs' },
        },
        failedBuilds: {
          summary: 'Builds that fail',
          value: {
            url: 'https://example.com/builds',
            events: ['job.failed'],
            operations: ['build'],
            description: 'Pages the build team',
          },
        },
      },
    },
    responses: {
      201: {
        description: 'The endpoint, with its secret. No other response shows the secret again.',
        headers: {
          Location: {
            description: 'The address of the endpoint, relative to this request.',
            required: true,
            schema: { type: 'string', format: 'uri-reference' },
            example: `endpoints/${ENDPOINT_ID}`,
          },
        },
        schema: createdEndpoint,
        examples: {
          created: {
            value: {
              endpoint: {
                endpoint_id: ENDPOINT_ID,
                url: 'https://example.com/jobs',
                events: DEFAULT_EVENTS,
                operations: null,
                answer_links: true,
                enabled: true,
                created_at: after(0),
                updated_at: after(0),
              },
              secret: SECRET,
            },
          },
        },
      },
    },
    errors: { [ErrorCode.urlRefused]: true, [ErrorCode.resourceExhausted]: TOO_MANY },
  },

  'GET /endpoints/{endpoint_id}': {
    operationId: 'getEndpoint',
    tags: ['Endpoints'],
    summary: 'Read an endpoint',
    responses: { 200: { description: 'The endpoint.', schema: endpoint } },
    errors: { [ErrorCode.endpointNotFound]: true },
  },

  'PATCH /endpoints/{endpoint_id}': {
    operationId: 'changeEndpoint',
    tags: ['Endpoints'],
    summary: 'Change an endpoint',
    description: 'Absent properties stay unchanged. Deliveries that are under way go to the new URL.',
    body: {
      schema: endpointChanges,
      keywords: { minProperties: 1 },
      properties: {
        url: { description: 'Where to send events.', schema: endpointUrl },
        events: { description: 'The events to send.', schema: events },
        operations: 'Send only events of these operations. Null means all.',
        description: 'For people. Null removes it.',
        enabled: 'False stops all sending. True starts it again, whatever stopped it.',
      },
      examples: {
        pause: { value: { enabled: false } },
        widen: {
          summary: 'All operations, and no description',
          value: { operations: null, description: null },
        },
      },
    },
    responses: { 200: { description: 'The endpoint.', schema: endpoint } },
    errors: { [ErrorCode.urlRefused]: true, [ErrorCode.endpointNotFound]: true },
  },

  'DELETE /endpoints/{endpoint_id}': {
    operationId: 'deleteEndpoint',
    tags: ['Endpoints'],
    summary: 'Delete an endpoint',
    description: 'Stops all sending. Deliveries that are under way end as `cancelled`.',
    responses: { 204: { description: 'Deleted.' } },
    errors: { [ErrorCode.endpointNotFound]: true },
  },

  'POST /endpoints/{endpoint_id}/test': {
    operationId: 'testEndpoint',
    tags: ['Endpoints'],
    summary: 'Send a test event',
    description:
      'Sends an `endpoint.test` event, whatever events the endpoint receives. It is retried and recorded like every other event.',
    responses: {
      202: { description: 'The event is queued. The delivery shows its outcome.', schema: testDelivery },
    },
    errors: {
      [ErrorCode.conflict]: true,
      [ErrorCode.endpointInactive]: true,
      [ErrorCode.endpointNotFound]: true,
    },
  },

  'POST /endpoints/{endpoint_id}/secret': {
    operationId: 'rotateEndpointSecret',
    tags: ['Signatures', 'Endpoints'],
    summary: 'Replace the secret of an endpoint',
    description:
      'For 24 hours, each webhook has a signature of the new secret and one of the previous secret. If you replace it again in that time, up to five secrets sign at once.',
    responses: { 200: newSecret },
    errors: { [ErrorCode.conflict]: true, [ErrorCode.endpointNotFound]: true },
  },

  'GET /endpoints/{endpoint_id}/deliveries': {
    operationId: 'listEndpointDeliveries',
    tags: ['Deliveries', 'Endpoints'],
    summary: 'List the deliveries of an endpoint, newest first',
    description:
      'Filters select deliveries that have all of the given values. A call with `status`, `event`, `job_id` or `operation` reads up to 1,000 deliveries. So a page may be short or empty and still have a `next_cursor`. Send the same filters with the cursor. Deliveries are listed by the time of their creation.',
    query: {
      schema: deliveriesQuery,
      properties: {
        ...pageParameters('Deliveries', MAX_DELIVERIES),
        ...selection,
        status: { description: selection.status, example: 'failed' },
        event: { description: selection.event, example: 'job.failed' },
        since: 'A past time, with `Z` or an offset. Includes deliveries created at that time.',
        until: 'A time like `since`. Includes deliveries created at that time.',
      },
    },
    responses: { 200: { description: 'A page of deliveries.', schema: deliveryPage } },
    errors: { [ErrorCode.endpointNotFound]: true, [ErrorCode.resourceExhausted]: TOO_MANY_WAIT },
  },

  'GET /endpoints/{endpoint_id}/health': {
    operationId: 'getEndpointHealth',
    tags: ['Endpoints'],
    summary: 'Read the health of an endpoint',
    description:
      'Counts the newest 100 deliveries of the endpoint. Older ones do not count, not even pending ones.',
    responses: {
      200: {
        description: 'The health.',
        schema: endpointHealth,
        examples: {
          mostlyDelivered: {
            value: {
              deliveries: 100,
              since: after(0),
              delivered: 96,
              failed: 2,
              pending: 2,
              cancelled: 0,
              success_rate: 0.98,
              last_success_at: afterDays(1),
              last_failure: { at: afterDays(1, -3_600), http_status: 503 },
            },
          },
          unused: { value: { deliveries: 0, delivered: 0, failed: 0, pending: 0, cancelled: 0 } },
        },
      },
    },
    errors: { [ErrorCode.endpointNotFound]: true },
  },

  'POST /endpoints/{endpoint_id}/replay': {
    operationId: 'replayEndpoint',
    tags: ['Deliveries', 'Endpoints'],
    summary: 'Send the deliveries since a time again',
    description:
      'Sends deliveries again that were created from `since` until now, or until `until`: the oldest first. Filters select deliveries that have all of the given values.\n\n- It skips `pending` deliveries, because an attempt follows anyway. With `status: pending`, those that wait for a retry are attempted now. A delivery whose attempt is half an hour late is always sent.\n- It skips `held` deliveries: an MCP client polls them.\n\nOne call reads up to 1,000 deliveries. If there are more, the response has `next_cursor`, and `reached_at` shows how far the replay is. Send only the cursor in the next call: it keeps the times and the filters. The replay leaves out no delivery and sends none twice.',
    body: {
      schema: replayBody,
      keywords: {
        oneOf: [
          { title: 'The first call', required: ['since'], properties: { cursor: false } },
          { title: 'The next call', required: ['cursor'], maxProperties: 1 },
        ],
      },
      properties: {
        since:
          'For the first call: a past time, with `Z` or an offset. Includes deliveries created at that time.',
        until: 'A time like `since`. The default is the time of the first call.',
        ...selection,
        cursor: 'For the next call: the `next_cursor` of the previous call, and nothing else.',
      },
      examples: {
        begin: { value: { since: after(0) } },
        filter: { value: { since: after(0), until: afterDays(1), status: 'failed' } },
        continue: { value: { cursor: 'eyJ1bnRpbCI6IjIwMjYtMDEtMDJUMDA6MDA6MDAuMDAwWiJ9' } },
      },
    },
    responses: { 202: { description: 'The deliveries are queued.', schema: replayed } },
    errors: {
      [ErrorCode.invalidCursor]: true,
      [ErrorCode.conflict]: true,
      [ErrorCode.endpointInactive]: true,
      [ErrorCode.endpointNotFound]: true,
      [ErrorCode.resourceExhausted]: TOO_MANY_WAIT,
    },
  },

  'POST /callback-secret': {
    operationId: 'rotateCallbackSecret',
    tags: ['Signatures'],
    summary: 'Create or replace the secret that signs callbacks',
    description:
      "One secret signs all callbacks of an owner. The first call creates it, and later calls replace it. For 24 hours after that, both secrets sign. Before the first call, callbacks have only the service's own signature.",
    responses: { 200: newSecret },
    errors: { [ErrorCode.conflict]: true, [ErrorCode.resourceExhausted]: TOO_MANY },
  },

  'GET /deliveries/{delivery_id}': {
    operationId: 'getDelivery',
    tags: ['Deliveries'],
    summary: 'Read a delivery',
    responses: { 200: { description: 'The delivery.', schema: delivery } },
    errors: { [ErrorCode.deliveryNotFound]: true },
  },

  'POST /deliveries/{delivery_id}/replay': {
    operationId: 'replayDelivery',
    tags: ['Deliveries'],
    summary: 'Send a delivery again',
    description:
      'Restarts the schedule of a delivery with any status, with an attempt now. The event keeps its id, so a receiver recognizes it. One replay runs at a time: while an attempt is queued or under way, the response is 409 `CONFLICT`.',
    responses: { 202: { description: 'The delivery, queued.', schema: delivery } },
    errors: {
      [ErrorCode.conflict]: true,
      [ErrorCode.deliveryHeld]: true,
      [ErrorCode.deliveryNotFound]: true,
      [ErrorCode.endpointInactive]: true,
    },
  },

  'GET /.well-known/webhook-keys': {
    operationId: 'getWebhookKeys',
    tags: ['Signatures'],
    summary: 'Read the public keys that verify `v1a` signatures',
    description:
      'Anyone may read them. After a rotation, the previous key is listed and signs until the next rotation.',
    responses: {
      200: {
        description: 'A JWK set (RFC 7517).',
        headers: { 'Cache-Control': cacheControl },
        schema: webhookKeys,
      },
    },
  },
} satisfies Partial<Record<OwnerRouteName, RouteDescription>>;
