/** Tests what a request adds to the metrics: its time, its waits, its job and its failure. */
import { setTimeout as delay } from 'node:timers/promises';
import { AppError, ErrorCode, OperationError } from '../../../lambdas/shared/errors.ts';
import {
  beginStart,
  excludeTime,
  measureFailure,
  measurePoll,
  measureRequests,
  measureStart,
  measureWait,
} from '../../../lambdas/shared/observability/request-metrics.ts';
import { RateLimiter } from '../../../lambdas/shared/rate-limiter.ts';
import { metricDocumentsOf, sumsOf } from '../../support/metric-documents.ts';

const requestsOf = (run: () => unknown) => metricDocumentsOf(run, { middleware: measureRequests() });
const refusal = (details: object) =>
  new AppError(ErrorCode.resourceExhausted, 'Too many.', { details: details as Record<string, string> });

test('a request has its time', async () => {
  const [document] = await requestsOf(async () => {
    await delay(20);
    return { statusCode: 200, headers: { 'content-type': 'application/json' } };
  });
  expect(document?.RequestTime).toBeGreaterThanOrEqual(19);
  expect(document?.RequestTime).toBeLessThan(2_000);
});

async function pacedPoll() {
  const limiter = new RateLimiter({ limit: 'polls', burst: 1, perSecond: 5, refusal: String });
  await limiter.pace('alice');
  await limiter.pace('alice');
}

test.each<[string, () => unknown]>([
  ['a stream', () => ({ headers: { 'content-type': 'text/event-stream' } })],
  ['a request that waits', () => excludeTime(20)],
  ['a poll that is paced', pacedPoll],
])('%s has no time', async (_what, run) => {
  expect(sumsOf(await requestsOf(run))).not.toHaveProperty('RequestTime');
});

test('a start has its time without the synchronous run before it', async () => {
  const [document] = await requestsOf(async () => {
    await delay(50);
    excludeTime(45);
    measureStart({ operation: 'build', jobId: 'a-job' });
  });
  expect(document).toMatchObject({ StartsAccepted: 1, operation: 'build', job_id: 'a-job' });
  expect(document?.StartTime).toBeLessThan(2_000);
  expect(document?.StartTime).toBeGreaterThanOrEqual(4);
});

test('a start that fails before its job is accepted counts as a failed start, and a later failure does not', async () => {
  const before = await requestsOf(() => {
    beginStart();
    measureFailure(new Error('broken'));
  });
  expect(sumsOf(before)).toMatchObject({ RequestErrors: 1, StartsFailed: 1 });
  const after = await requestsOf(() => {
    beginStart();
    measureStart({ operation: 'build', jobId: 'a-job' });
    measureFailure(new Error('broken'));
  });
  expect(sumsOf(after)).toMatchObject({ RequestErrors: 1, StartsAccepted: 1 });
  expect(sumsOf(after)).not.toHaveProperty('StartsFailed');
  const refused = await requestsOf(() => {
    beginStart();
    measureFailure(refusal({ limit: 'open_jobs' }));
  });
  expect(sumsOf(refused)).not.toHaveProperty('StartsFailed');
});

test('a poll that waits gives one document', async () => {
  const documents = await requestsOf(() => {
    measurePoll({ operation: 'build', jobId: 'a-job' });
    measureWait(Date.now() - 1_000);
    excludeTime(1_000);
  });
  expect(documents).toHaveLength(1);
  expect(documents[0]).toMatchObject({ Polls: 1, Waits: 1 });
  expect(documents[0]?.WaitTime).toBeGreaterThanOrEqual(1_000);
});

test.each<[string, unknown, object]>([
  ['an unexpected error', new Error('broken'), { RequestErrors: 1 }],
  ['a start that nothing accepts', new AppError(ErrorCode.startFailed, 'No.'), { RequestErrors: 1 }],
  ['a limit of the owner', refusal({ limit: 'open_jobs' }), { LimitRefusals: 1 }],
  ['a throttled service', refusal({ retry_after_ms: 10 }), { RequestErrors: 1 }],
  ['an unavailable bucket', new AppError(ErrorCode.workspaceUnavailable, 'No.'), { RequestErrors: 1 }],
  ['an unknown job', new AppError(ErrorCode.jobNotFound, 'None.'), {}],
  ['a failure of an operation', new OperationError('NO_PICTURE', 'None.'), {}],
])('%s counts once, however many layers map it', async (_what, error, expected) => {
  const { RequestTime, ...sums } = sumsOf(
    await requestsOf(() => {
      measureFailure(error);
      measureFailure(error);
    }),
  );
  expect(sums).toEqual(expected);
});

test('a limit is a property, not a dimension', async () => {
  const [document] = await requestsOf(() => measureFailure(refusal({ limit: 'open_jobs' })));
  expect(document).toMatchObject({ limit_name: 'open_jobs', codes: ['RESOURCE_EXHAUSTED'] });
  expect(document?._aws.CloudWatchMetrics.flatMap(({ Dimensions }) => Dimensions)).toEqual([['service']]);
});

test('a fault has its code', async () => {
  const [document] = await requestsOf(() => measureFailure(new AppError(ErrorCode.startFailed, 'No.')));
  expect(document).toMatchObject({ RequestErrors: 1, codes: ['START_FAILED'] });
});

test('a handler that throws is a failed request', async () => {
  const documents = await requestsOf(() => {
    throw new Error('broken');
  });
  expect(sumsOf(documents)).toEqual({ RequestErrors: 1 });
});
