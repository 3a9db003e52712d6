/** Tests that the work before a first call is a read of nothing, and that its failures and delays do not stop the function. */
import { jest } from '@jest/globals';
import { warmUp } from '../../lambdas/mcp/warm-up.ts';

const connected = { connect: async () => {} };

test('reads a job that nobody has, twice at once, and opens the connection for starts', async () => {
  const bodies: unknown[] = [];
  let connections = 0;
  const executions = {
    connect: async () => {
      connections += 1;
    },
  };
  await warmUp(async (request, { scopes }) => {
    bodies.push(await request.json(), scopes);
    return new Response('{}');
  }, executions);
  const read = expect.objectContaining({
    method: 'tools/call',
    params: expect.objectContaining({ name: 'check_job' }),
  });
  expect(bodies).toEqual([read, ['jobs:read'], read, ['jobs:read']]);
  expect(connections).toBe(1);
});

test('a failure stops nothing', async () => {
  const failing = async () => {
    throw new Error('The table is throttled.');
  };
  await expect(warmUp(failing, { connect: failing })).resolves.toBeUndefined();
});

test('a service that does not respond delays it by two seconds', async () => {
  jest.useFakeTimers();
  try {
    const warm = warmUp(() => new Promise(() => {}), connected);
    await jest.advanceTimersByTimeAsync(2_000);
    await expect(warm).resolves.toBeUndefined();
  } finally {
    jest.useRealTimers();
  }
});
