/** Tests how the health of an endpoint reads. */
import { healthSentence, healthState } from '../../../console/app/webhooks/health.ts';

const NONE = { deliveries: 0, delivered: 0, failed: 0, pending: 0, cancelled: 0 };
const enabled = { enabled: true };

test.each([
  ['disabled', { enabled: false }, { ...NONE, last_success_at: '1' }],
  ['unknown', enabled, undefined],
  ['unused', enabled, NONE],
  ['unused', enabled, { ...NONE, deliveries: 1, pending: 1 }],
  ['healthy', enabled, { ...NONE, last_success_at: '2', last_failure: { at: '1' } }],
  ['failing', enabled, { ...NONE, last_success_at: '1', last_failure: { at: '2' } }],
  ['failing', enabled, { ...NONE, last_failure: { at: '1' } }],
] as const)('an endpoint is %s', (state, endpoint, health) => {
  expect(healthState(endpoint, health)).toBe(state);
});

test('the sentence rounds down, and leaves out what there is none of', () => {
  expect(healthSentence(NONE)).toBe('');
  expect(healthSentence({ ...NONE, pending: 2 })).toBe('2 waiting.');
  const numbers = { ...NONE, delivered: 999, failed: 1, success_rate: 0.999 };
  expect(healthSentence(numbers)).toBe('99 % of 1000 delivered.');
  expect(healthSentence({ ...NONE, delivered: 29, failed: 71, success_rate: 0.29, pending: 1 })).toBe(
    '29 % of 100 delivered, 1 waiting.',
  );
});
