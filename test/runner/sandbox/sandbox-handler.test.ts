/** Tests that only Lambda limits the time of a sandbox. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, jest, test } from '@jest/globals';
import type { StepsOperation } from '../../../lambdas/definition/operation-definition.ts';
import type { SandboxEvent } from '../../../lambdas/runner/sandbox/protocol.ts';
import { sandboxHandler } from '../../../lambdas/runner/sandbox/sandbox-handler.ts';
import { log } from '../../../lambdas/shared/observability/log.ts';

test('an invocation is not failed before Lambda ends it', async () => {
  jest.spyOn(log, 'info').mockImplementation(() => {});
  const server = createServer(async (_request, response) => {
    await delay(50);
    response.end('{"continue":false}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const mark = process.env.SANDBOX_MARK;
  try {
    const run = sandboxHandler<StepsOperation>({} as never) as (event: object, context: object) => unknown;
    const { port } = server.address() as AddressInfo;
    const reports = { url: `http://127.0.0.1:${port}`, token: 'x' };
    const event: Partial<SandboxEvent> = { step: 'compile', jobId: 'job', attempt: 0, reports };
    expect(await run(event, { getRemainingTimeInMillis: () => 6 })).toBeUndefined();
  } finally {
    if (mark === undefined) delete process.env.SANDBOX_MARK;
    server.close();
    server.closeAllConnections();
    jest.restoreAllMocks();
  }
});
