/** Describes the request that an endpoint or a `callback_url` receives. */
import {
  ANSWER_TOKEN,
  after,
  askingJob,
  completedJob,
  ENDPOINT_ID,
  JOB_ID,
} from '../../../lambdas/api/reference/examples.ts';
import { jobEvent, testEvent } from '../../../lambdas/api/reference/schemas/webhooks.ts';
import type { JsonSchema, SchemaCollection } from '../json-schema.ts';

/** @returns what an endpoint receives */
export function receiveEvent(schemas: SchemaCollection) {
  const header = (name: string, description: string, schema: JsonSchema) => ({
    name,
    in: 'header',
    required: true,
    description,
    schema: { type: 'string', ...schema },
  });
  return {
    operationId: 'receiveEvent',
    summary: 'Receive an event at an endpoint or a `callback_url`',
    description:
      'Follows Standard Webhooks 1.0. The signed text is `<webhook-id>.<webhook-timestamp>.<body>`, with the body as it arrived. Respond within 15 seconds. An event may arrive twice and late: remember the ids that you have seen, and let a higher version of a job win.',
    security: [],
    parameters: [
      header('webhook-id', "The event's `id`, the same at every attempt.", {}),
      header(
        'webhook-timestamp',
        'Seconds since 1970, of this attempt. Refuse a request that is five minutes off.',
        { pattern: '^\\d+$' },
      ),
      header(
        'webhook-signature',
        'One or more signatures, separated by spaces. `v1,` and HMAC-SHA-256 in base64 for each secret of the endpoint. `v1a,` and ed25519 in base64 for each key of `/.well-known/webhook-keys`.',
        { pattern: '^v1a?,[A-Za-z0-9+/=]+( v1a?,[A-Za-z0-9+/=]+)*$' },
      ),
      {
        ...header(
          'traceparent',
          'The trace of the job (W3C Trace Context). Absent for a job without one.',
          {},
        ),
        required: false,
      },
    ],
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: { oneOf: [schemas.convert(jobEvent), schemas.convert(testEvent)] },
          examples: eventExamples,
        },
      },
    },
    responses: {
      '2XX': { description: 'Delivered.' },
      '410': { description: 'Never send again. The delivery fails, and the endpoint is disabled.' },
      '413': { description: 'Too large for the receiver. The delivery fails at once.' },
      default: { description: 'Retried later. `Retry-After` is honoured up to a day.' },
    },
  };
}

const TEST_ID = '3f2b8c1e-5a0d-4d61-9a44-0c1f6de2a7b9';

/** Bodies of webhooks. */
export const eventExamples = {
  completed: {
    value: { id: `${JOB_ID}.9`, type: 'job.completed', timestamp: after(90), data: completedJob },
  },
  question: {
    value: {
      id: `${JOB_ID}.4`,
      type: 'job.input_required',
      timestamp: after(30),
      data: askingJob,
      answer_url: `https://api-id.execute-api.us-east-1.amazonaws.com/v1/answers/${ANSWER_TOKEN}`,
    },
  },
  test: {
    value: {
      id: `${TEST_ID}.1`,
      type: 'endpoint.test',
      timestamp: after(0),
      data: { endpoint_id: ENDPOINT_ID },
    },
  },
};
