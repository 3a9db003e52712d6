/** Tests which events an endpoint receives, and which secrets sign them. */
import type { JobEvent } from '../../../lambdas/events/event.ts';
import {
  CALLBACKS_ID,
  DEFAULT_EVENTS,
  DisabledReason,
  type Endpoint,
  EndpointKind,
  isActive,
  isEventType,
  isSubscribedTo,
  rotateSecrets,
  SECRET_OVERLAP_MS,
  signingSecrets,
} from '../../../lambdas/webhooks/endpoints/endpoint.ts';

const NOW = Date.parse('2026-01-01T00:00:00.000Z');
const at = (ms: number) => new Date(NOW + ms).toISOString();
const endpoint = {
  owner: 'alice',
  endpointId: 'ep_1',
  kind: 'webhook',
  events: ['job.completed'],
  secrets: [],
} as unknown as Endpoint;
const event = { type: 'job.completed', data: { operation: 'build', job_id: 'job' } } as unknown as JobEvent;

test('kinds, reasons and ids have stable names', () => {
  expect(EndpointKind).toEqual({
    webhook: 'webhook',
    subscription: 'subscription',
    mailbox: 'mailbox',
    callbacks: 'callbacks',
  });
  expect(DisabledReason).toEqual({ byOwner: 'by_owner', gone: 'gone' });
  expect(CALLBACKS_ID).toBe('callbacks');
});

test('a subscriber that names no events gets the ends of a job and its questions', () => {
  expect(DEFAULT_EVENTS).toEqual(['job.input_required', 'job.completed', 'job.failed', 'job.cancelled']);
  expect(DEFAULT_EVENTS.every(isEventType)).toBe(true);
});

test('other texts are no types of events', () => {
  expect(isEventType('job.other')).toBe(false);
});

test.each<[string, Partial<Endpoint>, boolean]>([
  ['with this event', {}, true],
  ['with other events', { events: ['job.failed'] }, false],
  ['of kind mailbox', { kind: 'mailbox' }, true],
  ['of kind callbacks', { kind: 'callbacks' }, false],
  ['that is disabled', { disabled: { at: at(0), reason: 'gone' } }, false],
  ['for this operation', { operations: ['build'] }, true],
  ['for other operations', { operations: ['deploy'] }, false],
  ['for no operation', { operations: [] }, false],
  ['for this job', { jobId: 'job' }, true],
  ['for another job', { jobId: 'other' }, false],
])('an endpoint %s: %j receives an event: %s', (_what, changes, receives) => {
  expect(isSubscribedTo({ ...endpoint, ...changes }, event, NOW)).toBe(receives);
});

test.each<[string, Partial<Endpoint>, boolean]>([
  ['without a time', {}, true],
  ['with a refresh in the future', { refreshBefore: at(1) }, true],
  ['with a refresh now', { refreshBefore: at(0) }, false],
  ['that is disabled', { disabled: { at: at(0), reason: 'by_owner' } }, false],
  ['of kind subscription', { kind: 'subscription' }, false],
  ['of kind subscription, verified', { kind: 'subscription', verifiedAt: at(0) }, true],
])('an endpoint %s: %j is active: %s', (_what, changes, active) => {
  expect(isActive({ ...endpoint, ...changes }, NOW)).toBe(active);
});

describe('a rotation', () => {
  test('puts the new secret first, and lets the old one sign for a day', () => {
    expect(SECRET_OVERLAP_MS).toBe(86_400_000);
    expect(rotateSecrets([{ value: 'old' }], 'new', NOW)).toEqual([
      { value: 'new' },
      { value: 'old', until: at(86_400_000) },
    ]);
  });

  test('of no secret creates the first', () => {
    expect(rotateSecrets([], 'new', NOW)).toEqual([{ value: 'new' }]);
  });

  test('drops secrets whose day is over', () => {
    const secrets = [{ value: 'old' }, { value: 'b', until: at(1) }, { value: 'a', until: at(0) }];
    expect(rotateSecrets(secrets, 'new', NOW).map(({ value }) => value)).toEqual(['new', 'old', 'b']);
  });

  test('keeps four previous secrets', () => {
    const previous = ['d', 'c', 'b', 'a'].map((value) => ({ value, until: at(1) }));
    const rotated = rotateSecrets([{ value: 'e' }, ...previous], 'new', NOW);
    expect(rotated.map(({ value }) => value)).toEqual(['new', 'e', 'd', 'c', 'b']);
  });
});

test('the secrets that sign are those whose day is not over', () => {
  const secrets = [{ value: 'new' }, { value: 'old', until: at(1) }, { value: 'older', until: at(0) }];
  expect(signingSecrets({ ...endpoint, secrets }, NOW)).toEqual(['new', 'old']);
  expect(signingSecrets(undefined, NOW)).toEqual([]);
});
