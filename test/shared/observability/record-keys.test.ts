/** Tests that functions of many records log each line with the keys of its own record. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { DynamoDBRecord, SQSRecord } from 'aws-lambda';
import { retryEvents } from '../../../lambdas/events/event-retries.ts';
import type { EventSink, QueuedEvent, StreamEvent } from '../../../lambdas/events/event-sink.ts';
import { publishEvents } from '../../../lambdas/events/publish-events.ts';
import { type ReconcileDependencies, reconcile } from '../../../lambdas/executions/endings/reconcile.ts';
import { resumeExecutions } from '../../../lambdas/executions/input/resume.ts';
import { settleQueued } from '../../../lambdas/executions/queue/settle-queued.ts';
import { toItem } from '../../../lambdas/jobs/job-item.ts';
import { hashOwner } from '../../../lambdas/shared/observability/redact.ts';
import { type ConsumeDependencies, consumeQueue } from '../../../lambdas/webhooks/sending/consume-queue.ts';
import { captureLog } from '../../support/log-lines.ts';

const lines = captureLog();
const ID = { a: '00000000-0000-4000-8000-00000000000a', b: '00000000-0000-4000-8000-00000000000b' };
const jobs = {
  a: { jobId: ID.a, operation: 'build', owner: 'alice', status: 'pending', version: 1, progress: 0 },
  b: { jobId: ID.b, operation: 'deploy', owner: 'bob', status: 'pending', version: 1, progress: 0 },
};
const job = (jobId: unknown) => (jobId === ID.a ? jobs.a : jobs.b);
const keys = {
  a: { job_id: ID.a, operation: 'build', owner: hashOwner('alice') },
  b: { job_id: ID.b, operation: 'deploy', owner: hashOwner('bob') },
};
/** Waits longer for the first record, so that the second overtakes it. */
const interleave = (jobId: unknown) => delay(jobId === ID.a ? 50 : 1);
const messages = (...bodies: object[]) =>
  bodies.map((body, index) => ({ messageId: `m${index}`, body: JSON.stringify(body) }) as SQSRecord);
const fake = <T>(parts: object) => parts as unknown as T;

const records = [jobs.a, jobs.b].map((each) =>
  fake<DynamoDBRecord>({
    eventName: 'INSERT',
    dynamodb: {
      SequenceNumber: each.jobId,
      NewImage: toItem({ ...each, taskToken: 't', updatedAt: '2026-01-01T00:00:00.000Z', expiresAt: 9 }),
    },
  }),
);

test('queued starts and stops', async () => {
  await settleQueued(
    fake({
      jobs: { find: (jobId: string) => interleave(jobId).then(() => job(jobId)) },
      executions: {
        start: async ({ jobId }: { jobId: string }) => {
          await interleave(jobId);
          throw new Error('throttled');
        },
      },
      deployed: new Set(['build', 'deploy']),
      longestRunsMs: new Map(),
    }),
    messages({ jobId: ID.a }, { jobId: ID.b }),
  );
  expect(lines).toMatchObject([keys.b, keys.a]);
});

test('resumed executions', async () => {
  await resumeExecutions(fake({ send: async () => {} }), records);
  expect(lines).toMatchObject([
    { message: 'Execution resumed', ...keys.a },
    { message: 'Execution resumed', ...keys.b },
  ]);
});

test('a sweep', async () => {
  const opens = [jobs.a, jobs.b].map(({ jobId, operation }) => ({ jobId, operation, createdAt: '2026' }));
  await reconcile(
    fake<ReconcileDependencies>({
      remainingMs: 110_000,
      lease: { acquire: async () => ({ release: async () => {} }) },
      findings: { add: async () => {} },
      jobs: {
        async *openBefore() {
          yield* opens;
        },
        find: async (jobId: string) => ({ ...job(jobId), createdAt: '2026' }),
      },
      executions: { running: async () => ({ names: [] }), start: async () => true },
      deployed: new Set(['build', 'deploy']),
      longestRunsMs: new Map(),
    }),
  );
  expect(lines).toMatchObject([
    { message: 'A pending job has no running execution; starting it', ...keys.a },
    { message: 'A pending job has no running execution; starting it', ...keys.b },
  ]);
});

test('published events', async () => {
  const sink = (name: string, taken: (event: StreamEvent) => boolean): EventSink => ({
    name,
    send: async (events) => ({ failed: events.filter((event) => !taken(event)), refused: [] }),
  });
  const queued: QueuedEvent[] = [];
  const dependencies = {
    sinks: [sink('topic', () => true), sink('webhooks', (event) => event.job.jobId === ID.a)],
    deadLetter: async () => {},
    retryLater: async (event: QueuedEvent) => void queued.push(event),
  };
  await publishEvents(dependencies, records);
  expect(lines).toMatchObject([
    { level: 'INFO', message: 'Event published', event: 'job.created', ...keys.a },
    { level: 'WARN', message: 'Event not taken', event: 'job.created', sinks: ['webhooks'], ...keys.b },
  ]);
  const later = { ...dependencies, sinks: [sink('webhooks', () => true)] };
  await retryEvents(later, messages(...queued));
  expect(lines.slice(2)).toMatchObject([{ message: 'Event published', sink: 'webhooks', ...keys.b }]);
});

test('deliveries', async () => {
  const attempt = ({ jobId, owner }: { jobId: string; owner: string }) =>
    ({ type: 'attempt', owner, endpointId: 'e', jobId, deliveryKey: 'k', attempt: 2 }) as const;
  const dependencies = fake<ConsumeDependencies>({
    deliveries: {
      get: async ({ jobId }: { jobId: string }) => {
        await interleave(jobId);
        throw new Error('throttled');
      },
    },
    endpoints: { get: async () => undefined },
    slots: { take: async () => async () => {} },
  });
  await consumeQueue(dependencies, messages(attempt(jobs.a), attempt(jobs.b)));
  const { operation: _a, ...a } = keys.a;
  const { operation: _b, ...b } = keys.b;
  expect(lines).toMatchObject([
    { message: 'A queue message failed', message_id: 'm1', delivery_id: `${ID.b}.k`, attempt: 2, ...b },
    { message: 'A queue message failed', message_id: 'm0', delivery_id: `${ID.a}.k`, attempt: 2, ...a },
  ]);
});
