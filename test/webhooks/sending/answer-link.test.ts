/** Tests which questions get a link to answer them, and how a response is redacted. */
import type { Delivery } from '../../../lambdas/webhooks/deliveries/delivery.ts';
import type { Endpoint } from '../../../lambdas/webhooks/endpoints/endpoint.ts';
import { answerUrlOf } from '../../../lambdas/webhooks/sending/answer-link.ts';
import { readAnswerToken } from '../../../lambdas/webhooks/signing/answer-token.ts';
import { signingKeyFrom } from '../../../lambdas/webhooks/signing/signature.ts';

const API = 'https://api.example.com/v1';
const keys = [signingKeyFrom('a'.repeat(32))];
const TIMESTAMP = '2026-01-01T00:00:00.000Z';
const WEEK_MS = 7 * 24 * 60 * 60_000;
const jobId = '7d5fbf9e-0000-4000-8000-000000000001';
const form = { message: 'Ok?', schema: {} };
const file = { message: 'A file.', upload: { method: 'PUT', max_bytes: 1 } };

const delivery = (data: object, changes: object = {}) =>
  ({
    event: {
      type: 'job.input_required',
      timestamp: TIMESTAMP,
      data: { job_id: jobId, created_at: TIMESTAMP, ...data },
    },
    ...changes,
  }) as unknown as Delivery;
const answering = { answerLinks: true } as Endpoint;
const asked = delivery({ input_requests: { one: form, two: form, file } });

test('a link covers the questions, but no file, for a week', () => {
  const url = answerUrlOf(asked, answering, keys, API) ?? '';
  expect(url.startsWith(`${API}/answers/`)).toBe(true);
  const token = url.slice(`${API}/answers/`.length);
  const sentMs = Date.parse(TIMESTAMP);
  expect(readAnswerToken(token, keys, sentMs + WEEK_MS - 1)).toEqual({
    jobId,
    createdAt: TIMESTAMP,
    keys: ['one', 'two'],
  });
  expect(readAnswerToken(token, keys, sentMs + WEEK_MS)).toBeUndefined();
});

test('a callback_url gets a link without an endpoint', () => {
  const toCallback = { ...asked, url: 'https://example.com/' };
  expect(answerUrlOf(toCallback, undefined, keys, API)).toMatch(/\/answers\//);
});

test.each<[string, Delivery, Endpoint | undefined]>([
  ['without an endpoint', asked, undefined],
  ['to an endpoint that may not answer', asked, {} as Endpoint],
  ['of another event', { ...asked, event: { ...asked.event, type: 'job.completed' } } as Delivery, answering],
  ['that asks only for a file', delivery({ input_requests: { file } }), answering],
  ['without questions', delivery({}), answering],
  ['with an undefined question', delivery({ input_requests: { one: undefined } }), answering],
  [
    'with too many questions',
    delivery({
      input_requests: Object.fromEntries(
        Array.from({ length: 20 }, (_, i) => [`${i}`.padEnd(60, 'k'), form]),
      ),
    }),
    answering,
  ],
])('a delivery %s has no link', (_what, each, endpoint) => {
  expect(answerUrlOf(each, endpoint, keys, API)).toBeUndefined();
});
