import { jest } from '@jest/globals';
import { log } from '../../../lambdas/shared/observability/log.ts';
import { DEFAULT_EVENTS, type Endpoint } from '../../../lambdas/webhooks/endpoints/endpoint.ts';
import { Notifications } from '../../../lambdas/webhooks/endpoints/notifications.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const ENDS = ['job.completed', 'job.failed'] as const;
let now: number;
let endpoints: Partial<Endpoint>[];
let reads: number;
let notifications: Notifications;

beforeEach(() => {
  now = START;
  endpoints = [];
  reads = 0;
  const list = async () => {
    reads += 1;
    return endpoints as unknown as readonly Endpoint[];
  };
  notifications = new Notifications({ list }, () => now);
});
afterEach(() => jest.restoreAllMocks());

const webhook = (endpoint: Partial<Endpoint> = {}): Partial<Endpoint> => ({
  kind: 'webhook',
  events: DEFAULT_EVENTS,
  ...endpoint,
});

test('an owner without endpoints is not notified', async () => {
  expect(await notifications.of('alice', 'build')).toBeUndefined();
});

test('a webhook of the default events notifies of the end and of questions', async () => {
  endpoints = [webhook()];
  expect(await notifications.of('alice', 'build')).toBe('end_or_input');
});

test('a callback that receives everything needs no read', async () => {
  expect(await notifications.of('alice', 'build', DEFAULT_EVENTS)).toBe('end_or_input');
  expect(reads).toBe(0);
});

test('who receives only some ways to end is not notified', async () => {
  endpoints = [webhook({ events: ['job.completed', 'job.input_required', 'job.progress'] })];
  expect(await notifications.of('alice', 'build')).toBeUndefined();
  expect(await notifications.of('alice', 'build', ['job.failed'])).toBe('end_or_input');
  expect(await notifications.of('alice', 'build', ENDS)).toBe('end_or_input');
});

test('several subscriptions of one event each count together', async () => {
  const subscription = { kind: 'subscription', verifiedAt: new Date(START).toISOString() } as const;
  endpoints = ENDS.map((name) => ({ ...subscription, events: [name] }));
  expect(await notifications.of('alice', 'build')).toBe('end');
});

test.each<[string, Partial<Endpoint>]>([
  ['is disabled', { disabled: { at: '', reason: 'gone' } }],
  ['has lapsed', { refreshBefore: new Date(START).toISOString() }],
  ['is a subscription that is not verified', { kind: 'subscription' }],
  ['is a mailbox, which waits for a poll', { kind: 'mailbox' }],
  ['has only the secret of callbacks', { kind: 'callbacks' }],
  ['receives the events of another job', { jobId: 'other' }],
  ['receives the events of another operation', { operations: ['deploy'] }],
])('an endpoint notifies of nothing that %s', async (_why, endpoint) => {
  endpoints = [webhook(endpoint)];
  expect(await notifications.of('alice', 'build')).toBeUndefined();
});

test('an owner’s endpoints are read once in 30 seconds, for calls at one time too', async () => {
  endpoints = [webhook({ operations: ['build'] })];
  const starts = ['build', 'deploy', 'build'].map((operation) => notifications.of('alice', operation));
  expect(await Promise.all(starts)).toEqual(['end_or_input', undefined, 'end_or_input']);
  expect(reads).toBe(1);
  now = START + 30_000;
  await notifications.of('alice', 'build');
  expect(reads).toBe(2);
  await notifications.of('bob', 'build');
  expect(reads).toBe(3);
});

test('a subscription that lapses meanwhile no longer counts', async () => {
  endpoints = [webhook({ refreshBefore: new Date(START + 10_000).toISOString() })];
  expect(await notifications.of('alice', 'build')).toBe('end_or_input');
  now = START + 10_000;
  expect(await notifications.of('alice', 'build')).toBeUndefined();
  expect(reads).toBe(1);
});

test('a change in this instance counts at once', async () => {
  await notifications.of('alice', 'build');
  endpoints = [webhook()];
  notifications.forget('alice');
  expect(await notifications.of('alice', 'build')).toBe('end_or_input');
});

test('no start fails for endpoints that cannot be read, and the next one reads again', async () => {
  const warnings = jest.spyOn(log, 'warn').mockImplementation(() => {});
  const list = jest.fn<() => Promise<readonly Endpoint[]>>();
  const unavailable = new Notifications({ list });
  list.mockRejectedValueOnce(new Error('throttled'));
  expect(await unavailable.of('alice', 'build', ENDS)).toBe('end');
  expect(warnings).toHaveBeenCalledTimes(1);
  list.mockResolvedValueOnce([webhook() as Endpoint]);
  expect(await unavailable.of('alice', 'build')).toBe('end_or_input');
});

test('a start does not wait for endpoints that do not come', async () => {
  jest.spyOn(log, 'warn').mockImplementation(() => {});
  jest.useFakeTimers();
  try {
    const stuck = new Notifications({ list: () => new Promise(() => {}) });
    const started = stuck.of('alice', 'build');
    await jest.advanceTimersByTimeAsync(2_000);
    expect(await started).toBeUndefined();
  } finally {
    jest.useRealTimers();
  }
});

test('the owner that was read first is dropped when there are too many', async () => {
  for (let owner = 0; owner <= 500; owner++) await notifications.of(`owner-${owner}`, 'build');
  reads = 0;
  await notifications.of('owner-500', 'build');
  expect(reads).toBe(0);
  await notifications.of('owner-0', 'build');
  expect(reads).toBe(1);
});
