/** Documents in CloudWatch's embedded metric format, and lines without a document. */
import { expect, test } from '@jest/globals';
import { readEmbeddedMetrics } from '../../../local/cloudwatch/embedded-metrics.ts';

function line(directive: object = {}, properties: object = {}, Timestamp: unknown = 1): string {
  const metrics = {
    Namespace: 'Shop',
    Dimensions: [['service']],
    Metrics: [{ Name: 'Orders', Unit: 'Count' }],
  };
  const _aws = { Timestamp, CloudWatchMetrics: [{ ...metrics, ...directive }] };
  return JSON.stringify({ _aws, service: 'web', kind: 'book', Orders: 2, ...properties });
}

test('a document has a value for each set of dimensions', () => {
  const Dimensions = [['service'], ['service', 'kind']];
  expect(readEmbeddedMetrics(line({ Dimensions }, { Orders: [2, 3] }))).toEqual([
    { namespace: 'Shop', name: 'Orders', dimensions: { service: 'web' }, value: 2 },
    { namespace: 'Shop', name: 'Orders', dimensions: { service: 'web' }, value: 3 },
    { namespace: 'Shop', name: 'Orders', dimensions: { service: 'web', kind: 'book' }, value: 2 },
    { namespace: 'Shop', name: 'Orders', dimensions: { service: 'web', kind: 'book' }, value: 3 },
  ]);
});

test.each([
  'text',
  '{"level":"INFO"}',
  '"CloudWatchMetrics"',
  '{"CloudWatchMetrics":1}',
  '{"CloudWatchMetrics"',
])('%s is not a document', (text) => {
  expect(readEmbeddedMetrics(text)).toEqual([]);
});

test.each([
  [line({ Namespace: 'AWS/Lambda' }), 'has the namespace "AWS/Lambda"'],
  [line({ Dimensions: [['owner']] }), 'has no text for the dimension owner'],
  [line({}, { Orders: '2' }), 'has no number for Orders'],
  [line({}, { Orders: Array(101).fill(1) }), 'has 101 values of Orders'],
  [line({}, {}, '2026-01-01'), 'has no Timestamp in milliseconds'],
  [line({ Metrics: Array(101).fill({ Name: 'Orders' }) }), 'has 101 metrics of 100'],
])('a document that CloudWatch drops is an error %#', (text, message) => {
  expect(() => readEmbeddedMetrics(text)).toThrow(message);
});
