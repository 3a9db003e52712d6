/** Tests `tasks/result` for clients that accept no stream. The clock and the timers are fake. */
import { jest } from '@jest/globals';
import type { Job } from '../../lambdas/jobs/job.ts';
import { createCoreMethods } from '../../lambdas/mcp/tasks/core-methods.ts';
import { freeSlots } from '../support/free-slots.ts';

afterEach(() => jest.restoreAllMocks());

test('a result that does not come is waited for below the limits, and then asked for again', async () => {
  let now = 1_000_000;
  jest.spyOn(Date, 'now').mockImplementation(() => now);
  jest.spyOn(globalThis, 'setTimeout').mockImplementation(((resume: () => void, pauseMs: number) => {
    now += pauseMs;
    queueMicrotask(resume);
  }) as never);
  const job = { jobId: 'x', owner: 'ada', status: 'running', progress: 0.5 } as Job;
  const tasks = { find: async () => job, pollIntervalMs: () => 2_000 } as never;
  const methods = createCoreMethods(tasks, {
    jobs: { get: async () => job, watch: async () => {} } as never,
    waits: freeSlots,
  });
  const method = methods.find((each) => each.method === 'tasks/result');
  const caller = { owner: 'ada', scopes: ['jobs:read'] };
  await expect(method?.call({ taskId: 'x' }, caller, {} as never)).rejects.toMatchObject({
    code: -32603,
    data: { code: 'RESULT_NOT_READY', retryable: true, retry_after_ms: 2_000 },
  });
  expect(now - 1_000_000).toBe(20_000);
});
