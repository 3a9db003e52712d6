/** Tests the signed request of a delivery and of a verification. */
import { Webhook } from 'standardwebhooks';
import type { Delivery } from '../../../lambdas/webhooks/deliveries/delivery.ts';
import type { Endpoint } from '../../../lambdas/webhooks/endpoints/endpoint.ts';
import {
  eventRequest,
  verificationRequest,
  viewRequest,
} from '../../../lambdas/webhooks/sending/webhook-request.ts';
import { createSecret, signingKeyFrom } from '../../../lambdas/webhooks/signing/signature.ts';

const URL = 'https://example.com/hook';
const secret = createSecret();
const keys = [signingKeyFrom('a'.repeat(32))];
const event = { id: 'job.3', type: 'job.completed', timestamp: '2026-01-01T00:00:00.000Z', data: { x: 1 } };
const delivery = { event, cursor: 'cursor' } as unknown as Delivery;
const endpoint = {
  endpointId: 'ep_1',
  kind: 'webhook',
  url: URL,
  secrets: [{ value: secret }],
} as unknown as Endpoint & {
  readonly url: string;
};

test('a webhook gets the event, signed with its secret and the key of the service', () => {
  const { url, headers, body } = eventRequest(delivery, URL, endpoint, keys, Date.now());
  expect(url).toBe(URL);
  expect(JSON.parse(body)).toEqual(event);
  expect(headers).toEqual({
    'content-type': 'application/json',
    'user-agent': 'mcp-async-operations',
    'webhook-id': 'job.3',
    'webhook-timestamp': expect.stringMatching(/^\d+$/),
    'webhook-signature': expect.stringMatching(/^v1,\S+ v1a,\S+$/),
  });
  expect(new Webhook(secret).verify(body, { ...headers })).toEqual(event);
});

test('a link to answer is part of the event', () => {
  const { body } = eventRequest(delivery, URL, endpoint, keys, 0, 'https://link');
  expect(JSON.parse(body)).toEqual({ ...event, answer_url: 'https://link' });
});

test('a subscription gets the property names of MCP and the id of the subscription', () => {
  const subscription = { ...endpoint, kind: 'subscription' } as const;
  const { headers, body } = eventRequest(delivery, URL, subscription, keys, 0, 'https://link');
  expect(JSON.parse(body)).toEqual({
    eventId: 'job.3',
    name: 'job.completed',
    timestamp: event.timestamp,
    data: { x: 1 },
    cursor: 'cursor',
  });
  expect(headers).toMatchObject({ 'webhook-id': 'job.3', 'x-mcp-subscription-id': 'ep_1' });
});

test('a subscription gets no cursor that its delivery lacks', () => {
  const subscription = { ...endpoint, kind: 'subscription' } as const;
  const { body } = eventRequest({ event } as unknown as Delivery, URL, subscription, keys, 0);
  expect(JSON.parse(body)).not.toHaveProperty('cursor');
});

test('without an endpoint only the key of the service signs', () => {
  const { headers } = eventRequest(delivery, URL, undefined, keys, 0);
  expect(headers['webhook-signature']).toMatch(/^v1a,\S+$/);
  expect(headers).not.toHaveProperty('x-mcp-subscription-id');
});

test('a verification has the challenge in its id and its body', () => {
  const { url, headers, body } = verificationRequest(endpoint, 'challenge', keys, 0);
  expect(url).toBe(URL);
  expect(JSON.parse(body)).toEqual({ type: 'verification', challenge: 'challenge' });
  expect(headers['webhook-id']).toBe('msg_verification_challenge');
  expect(headers['webhook-signature']).toMatch(/^v1,\S+ v1a,\S+$/);
});

describe('the view of a request', () => {
  const sent = { ...delivery, status: 'delivered', endpointId: 'ep_1' } as Delivery;

  test.each([
    ['ep_1', endpoint],
    ['sub_1', { ...endpoint, endpointId: 'sub_1', kind: 'subscription' } as const],
  ])('of %s has the headers and the body that are sent, without time and signature', (endpointId, to) => {
    const { headers, body } = eventRequest(delivery, URL, to, keys, 0);
    const { 'webhook-timestamp': _t, 'webhook-signature': _s, ...shown } = headers;
    expect(viewRequest({ ...sent, endpointId })).toStrictEqual({ headers: shown, body });
  });

  test('has no link to answer', () => {
    const { body } = eventRequest(sent, URL, endpoint, keys, 0, 'https://link');
    const view = viewRequest(sent);
    expect(JSON.parse(body)).toHaveProperty('answer_url');
    expect(JSON.parse(view?.body ?? '')).toStrictEqual(event);
  });

  test('of a delivery that is held does not exist', () => {
    expect(viewRequest({ ...sent, status: 'held' })).toBeUndefined();
  });
});
