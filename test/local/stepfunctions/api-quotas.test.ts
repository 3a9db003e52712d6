/** Tests the token buckets of the Step Functions API. */
import { expect, test } from '@jest/globals';
import { ApiQuotas } from '../../../local/stepfunctions/api-quotas.ts';

let now = 0;
const create = () => new ApiQuotas(() => now);

function takeAll(quotas: ApiQuotas, action: string): number {
  for (let taken = 0; ; taken++) {
    try {
      quotas.take(action);
    } catch (error) {
      expect(error).toMatchObject({ type: 'ThrottlingException', message: 'Rate exceeded' });
      return taken;
    }
  }
}

test.each([
  ['DescribeExecution', 250, 10],
  ['DescribeStateMachineForExecution', 200, 1],
  ['GetExecutionHistory', 400, 20],
  ['ListExecutions', 100, 2],
  ['StartExecution', 800, 150],
])('%s has a bucket of %i and %i more a second', (action, bucket, refill) => {
  const quotas = create();
  expect(takeAll(quotas, action)).toBe(bucket);
  now += 1_000;
  expect(takeAll(quotas, action)).toBe(refill);
  now += 3_600_000;
  expect(takeAll(quotas, action)).toBe(bucket);
});

test('an action without a quota is never throttled', () => {
  const quotas = create();
  for (let calls = 0; calls < 10_000; calls++) quotas.take('StartSyncExecution');
});

test('an action is throttled until that ends', () => {
  const quotas = create();
  const end = quotas.throttle('StartExecution');
  expect(takeAll(quotas, 'StartExecution')).toBe(0);
  quotas.take('StopExecution');
  end();
  expect(takeAll(quotas, 'StartExecution')).toBe(800);
});

test('a share of the calls of an action is throttled', () => {
  const quotas = create();
  const throttled = [false, true, false];
  quotas.throttle('StopExecution', () => throttled.shift() ?? false);
  quotas.take('StopExecution');
  expect(() => quotas.take('StopExecution')).toThrow('Rate exceeded');
  quotas.take('StopExecution');
});
