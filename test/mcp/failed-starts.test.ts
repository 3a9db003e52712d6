/** Tests which calls of a tool count as failed starts. All stores are fakes. */
import * as z from 'zod';
import { defineOperation } from '../../lambdas/definition/define-operation.ts';
import { syncFirstTool } from '../../lambdas/mcp/tools/call-operation.ts';
import type { ToolDependencies } from '../../lambdas/mcp/tools/dependencies.ts';
import { scopes } from '../../lambdas/shared/caller.ts';
import { measureFailure, measureRequests } from '../../lambdas/shared/observability/request-metrics.ts';
import { metricDocumentsOf, sumsOf } from '../support/metric-documents.ts';

const search = defineOperation({
  name: 'search',
  description: 'Searches a file.',
  input: z.object({}),
  output: z.object({}),
  steps: { run: {} },
  execution: { mode: 'sync_first', limitMs: 1_000, maxWaitMs: 1_000 },
  requires: () => [{ key: 'projects/a', code: 'NOT_FOUND', message: 'No project.' }],
});

/** Returns the metrics of a call, after which something else of the request fails. */
async function metricsOf(dependencies: object) {
  const fakes = {
    callRateLimiter: { check() {} },
    workspace: { has: async () => true },
    synchronousCalls: { take: async () => async () => {} },
    calls: { invoke: async () => ({ result: {} }) },
    ...dependencies,
  } as unknown as ToolDependencies;
  const client = { elicits: {}, inputResponses: {}, supportsExtensions: false } as never;
  const documents = await metricDocumentsOf(
    async () => {
      const call = syncFirstTool(search, fakes).call({}, { owner: 'alice', scopes } as never, client);
      await call.catch(measureFailure);
      measureFailure(new Error('broken'));
    },
    { middleware: measureRequests() },
  );
  const { RequestTime, ...sums } = sumsOf(documents);
  return sums;
}

test('a call whose objects cannot be looked for is a failed start', async () => {
  const workspace = { has: () => Promise.reject(new Error('S3 responded with 503.')) };
  expect(await metricsOf({ workspace })).toEqual({ RequestErrors: 1, StartsFailed: 1 });
});

test('a call that returns its result is none, whatever fails after it', async () => {
  expect(await metricsOf({})).toEqual({ RequestErrors: 1 });
});
