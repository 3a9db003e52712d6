/** Describes endpoints, deliveries and events. */
import * as z from 'zod';
import { type EventType, eventTypes, type JobEvent } from '../../../events/event.ts';
import {
  DeliveryStatus,
  MAX_RECORDED_ATTEMPTS,
  TEST_EVENT,
  type TestEvent,
} from '../../../webhooks/deliveries/delivery.ts';
import type { AttemptView, DeliveryView } from '../../../webhooks/deliveries/delivery-view.ts';
import { type EndpointHealthView, HEALTH_DELIVERIES } from '../../../webhooks/deliveries/endpoint-health.ts';
import { DisabledReason } from '../../../webhooks/endpoints/endpoint.ts';
import { PostError } from '../../../webhooks/sending/post.ts';
import type { RequestView } from '../../../webhooks/sending/webhook-request.ts';
import type { PublicJwk } from '../../../webhooks/signing/signature.ts';
import { MAX_DELIVERIES } from '../../delivery-pages.ts';
import type { EndpointView } from '../../endpoint-view.ts';
import { nextCursor, time, url } from './common.ts';
import { job, jobId } from './job.ts';
import { type SchemasOf, viewOf } from './view-of.ts';

export const eventType: z.ZodType<EventType> = z
  .enum(eventTypes)
  .meta({ id: 'EventType', description: 'What happened to the job.' });

export const deliveredEvent = z
  .union([eventType, z.literal(TEST_EVENT)])
  .meta({ id: 'DeliveredEvent', description: 'The type of an event, or that of a test.' });

export const deliveryStatus = z.enum(DeliveryStatus).meta({
  id: 'DeliveryStatus',
  description:
    '`pending`: an attempt follows.\n\n`delivered`: the receiver accepted it.\n\n`failed`: every attempt failed, or the receiver responded 410 or 413.\n\n`cancelled`: the endpoint was deleted or disabled before an attempt.\n\n`held`: kept for an MCP client that polls.',
});

const endpointId = z.string().meta({
  id: 'EndpointId',
  pattern: '^ep_[0-9a-f]{32}$',
  description: 'The id of an endpoint.',
});

export const endpointUrl = z.string().meta({
  id: 'EndpointUrl',
  format: 'uri',
  description:
    'https, with a public host and port 443 or 8443, unless the deployment allows other ports. Its address is checked at registration and again at each attempt.',
});

export const endpoint = viewOf<EndpointView>()({
  endpoint_id: endpointId,
  url: endpointUrl,
  description: z.string().max(500).describe('For people.').optional(),
  events: z.array(eventType).min(1).max(100).describe('The events that the endpoint receives.'),
  operations: z
    .array(z.string().max(100))
    .min(1)
    .max(100)
    .nullable()
    .describe('Only jobs of these operations. Null means all.'),
  answer_links: z
    .boolean()
    .describe(
      'Whether `job.input_required` has a link to answer it. True when the caller who last gave the `url` had the scope `jobs:write`.',
    ),
  enabled: z.boolean().describe('Whether events are sent.'),
  disabled: z
    .strictObject({
      at: time.describe('When sending stopped.'),
      reason: z
        .enum(DisabledReason)
        .describe('`by_owner`: the owner disabled it.\n\n`gone`: the receiver responded 410.'),
    })
    .describe('When and why sending stopped.')
    .optional(),
  created_at: time.describe('When the endpoint was registered.'),
  updated_at: time.describe('When the endpoint last changed.'),
}).meta({ id: 'Endpoint', description: 'A URL that receives events of an owner.' });

export const endpointList = z
  .strictObject({ endpoints: z.array(endpoint).max(100).describe('Oldest first.') })
  .meta({ id: 'EndpointList', description: 'All endpoints of an owner.' });

const secretText = z.string().meta({
  id: 'SecretText',
  pattern: '^whsec_[A-Za-z0-9+/]+=*$',
  description:
    'The secret that signs events: base64 of 32 random bytes after a prefix, as libraries for Standard Webhooks expect it.',
});

export const createdEndpoint = z
  .strictObject({ endpoint, secret: secretText })
  .meta({ id: 'CreatedEndpoint', description: 'A new endpoint with its secret.' });

export const secret = z
  .strictObject({
    secret: secretText,
    previous_secret_expires_at: time
      .describe('Until when the previous secret signs too; absent when there was none.')
      .optional(),
  })
  .meta({ id: 'Secret', description: 'A new secret.' });

export const deliveryId = z.string().meta({
  id: 'DeliveryId',
  pattern: '^[0-9a-f-]{36}\\.\\d{13}\\.[\\w-]{1,64}$',
  description:
    'The id of a delivery. It has the id of the job, the version of the job that the event is about, and the endpoint.',
});

export const testDelivery = z.strictObject({ delivery_id: deliveryId }).meta({ id: 'TestDelivery' });

export const attemptError = z
  .enum(PostError)
  .meta({ id: 'AttemptError', description: 'Why there was no response.' });

const attempt = viewOf<AttemptView>()({
  at: time.describe('When the attempt began.'),
  http_status: z.int().describe('Absent when the receiver did not respond.').optional(),
  latency_ms: z.int().min(0).describe('How long it took, in milliseconds.'),
  error: attemptError.optional(),
  answer: z
    .string()
    .describe(
      'The first 1 KiB of the response, without control characters. Absent when the delivery had an answer link.',
    )
    .optional(),
  reason: z.string().describe('A sentence that explains a missing `answer`.').optional(),
}).meta({ id: 'Attempt', description: 'One try of a delivery.' });

export const deliveredEventRef = z
  .strictObject({ id: z.string().describe('The id of the event.'), type: deliveredEvent })
  .describe('The id and the type of the event. The body of the webhook has its data.');

export const endpointOrCallbacks = z
  .string()
  .describe(
    'The id of an endpoint or of the subscription of an MCP client. `callbacks` for a `callback_url`.',
  );

export const nextAttemptAt = time
  .describe('When the next attempt is due; absent when no attempt follows.')
  .optional();

export const queuedAt = time.describe('When the delivery was created.');

const deliveryProperties: SchemasOf<DeliveryView> = {
  delivery_id: deliveryId,
  job_id: jobId.describe('Absent for a test event.').optional(),
  endpoint_id: endpointOrCallbacks,
  event: deliveredEventRef,
  status: deliveryStatus,
  url: url.describe("The job's `callback_url`; absent for an endpoint.").optional(),
  attempts: z.array(attempt).max(MAX_RECORDED_ATTEMPTS).describe('The last twenty.'),
  attempt_count: z.int().min(0).describe('The number of all attempts.'),
  next_attempt_at: nextAttemptAt,
  created_at: queuedAt,
  expires_at: time.describe('When the record is deleted.'),
};

const request = viewOf<RequestView>()({
  headers: z
    .object({
      'content-type': z.string().describe('`application/json`.'),
      'user-agent': z.string().describe('The name of the sender.'),
      'webhook-id': z.string().describe('The id of the event.'),
    })
    .catchall(z.string().describe('Another header of the request.'))
    .describe('The headers, in lower case.'),
  body: z.string().describe('JSON text.'),
});

export const delivery = z
  .strictObject({
    ...deliveryProperties,
    request: request
      .describe(
        'The request of every attempt, in the response of one delivery. `webhook-timestamp` is the `at` of an attempt in whole seconds. Two secrets are not shown: `webhook-signature`, and the `answer_url` of `job.input_required`. Absent for a delivery that is `held`: it is never sent.',
      )
      .optional(),
  })
  .meta({ id: 'Delivery', description: 'An event on its way to one endpoint, with its attempts.' });

export const deliveryPage = z
  .strictObject({
    deliveries: z.array(delivery).max(MAX_DELIVERIES).describe('The deliveries of this page.'),
    next_cursor: nextCursor.optional(),
  })
  .meta({ id: 'DeliveryPage', description: 'A page of deliveries.' });

export const endpointHealth = viewOf<EndpointHealthView>()({
  deliveries: z
    .int()
    .min(0)
    .max(HEALTH_DELIVERIES)
    .describe('How many of the newest deliveries the numbers count.'),
  since: time.describe('When the oldest of them was created; absent when there are none.').optional(),
  delivered: z.int().min(0).describe('Deliveries that the receiver accepted.'),
  failed: z.int().min(0).describe('Deliveries that are given up.'),
  pending: z.int().min(0).describe('Deliveries that wait for an attempt, first or next.'),
  cancelled: z
    .int()
    .min(0)
    .describe('Deliveries that were never finished, because the endpoint was disabled.'),
  success_rate: z
    .number()
    .min(0)
    .max(1)
    .describe('Delivered, of those that were delivered or failed; absent while there are none.')
    .optional(),
  last_success_at: time.describe('The last attempt that the receiver accepted.').optional(),
  last_failure: z
    .strictObject({
      at: time.describe('When the attempt began.'),
      http_status: z.int().describe('Absent when the receiver did not respond.').optional(),
      error: attemptError.optional(),
    })
    .describe('The last attempt that failed.')
    .optional(),
}).meta({ id: 'EndpointHealth' });

export const replayed = z
  .strictObject({
    replayed: z.int().min(0).max(1000).describe('How many deliveries this call sends again.'),
    reached_at: time
      .describe('With `next_cursor`: when the last delivery that this call has read was created.')
      .optional(),
    next_cursor: nextCursor.optional(),
  })
  .meta({ id: 'Replayed' });

export const webhookKeys = z
  .strictObject({
    keys: z
      .array(
        viewOf<PublicJwk>()({
          kty: z.literal('OKP').describe('The type of the key (RFC 8037).'),
          crv: z.literal('Ed25519').describe('The curve.'),
          x: z
            .string()
            .meta({ pattern: '^[A-Za-z0-9_-]{43}$', description: 'The public key, in base64url.' }),
          kid: z.string().describe("The key's thumbprint (RFC 7638)."),
          alg: z.literal('EdDSA').describe('The algorithm.'),
          use: z.literal('sig').describe('For signatures only.'),
          standard_webhooks: z.string().meta({
            pattern: '^whpk_[A-Za-z0-9+/]{43}=$',
            description: 'The same key in the notation of Standard Webhooks.',
          }),
        }),
      )
      .min(1)
      .max(2)
      .describe('The current key, then the previous one after a rotation. Both sign.'),
  })
  .meta({ id: 'WebhookKeys' });

const jobEventProperties: SchemasOf<JobEvent> = {
  id: z.string().describe('`<job id>.<version>`, the same for the same change however often it is sent.'),
  type: eventType,
  timestamp: time.describe('When it happened.'),
  data: job.describe('The job as it was then.') as unknown as z.ZodType<JobEvent['data']>,
};

export const jobEvent = z
  .strictObject({
    ...jobEventProperties,
    answer_url: url
      .describe(
        'Only with `job.input_required`: the link with which any holder answers. A `callback_url` receives it, and endpoints with `answer_links`. Absent when the job asks so many questions that the address would be too long.',
      )
      .optional(),
  })
  .meta({ id: 'JobEvent' });

export const testEvent = viewOf<TestEvent>()({
  id: z.string().describe('`<random id>.1`, the same at every attempt.'),
  type: z.literal(TEST_EVENT).describe('Tells a test from the events of jobs.'),
  timestamp: time.describe('When the test was requested.'),
  data: z.strictObject({ endpoint_id: endpointId }).describe('The endpoint under test.'),
}).meta({ id: 'TestEvent' });
