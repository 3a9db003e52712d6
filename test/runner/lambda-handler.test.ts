/** Tests that only Lambda limits the time of a step's function. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { LIMITED_BY_LAMBDA } from '../../lambdas/runner/lambda-handler.ts';

test('an invocation is not failed before Lambda ends it', async () => {
  const handler = middy(async (_event: object) => {
    await delay(30);
    return 'done';
  }, LIMITED_BY_LAMBDA);
  const context = { getRemainingTimeInMillis: () => 6 } as Context;
  expect(await handler({}, context)).toBe('done');
});
