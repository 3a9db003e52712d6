/** Tests that a job survives its way to a DynamoDB item and back. */
import { fromItem, toItem, toSeconds } from '../../lambdas/jobs/job-item.ts';

/** Deeper than DynamoDB's 32 levels. */
function deep(levels: number): object {
  return levels === 0 ? {} : { in: deep(levels - 1) };
}

test.each([
  'answers',
  'handedOver',
  'input',
  'inputRequests',
  'result',
  ':answers',
  ':inputRequests',
  ':result',
])('the attribute %s is JSON text, at any depth', (name) => {
  const record = { [name]: { large: 1e200, deep: deep(40) } };
  const item = toItem(record);
  expect(item).toEqual({ [name]: { S: JSON.stringify(record[name]) } });
  expect(fromItem(item)).toEqual(record);
});

test('other attributes keep the types of DynamoDB', () => {
  const record = { jobId: 'x', version: 3, callback: { url: 'https://example.com/', events: ['a'] } };
  expect(toItem(record)).toMatchObject({ jobId: { S: 'x' }, version: { N: '3' } });
  expect(fromItem(toItem(record))).toEqual(record);
});

test('undefined attributes are not stored', () => {
  expect(toItem({ jobId: 'x', step: undefined, handedOver: undefined })).toEqual({ jobId: { S: 'x' } });
});

test('DynamoDB expires records by whole seconds', () => {
  expect(toSeconds(1_999)).toBe(1);
});
