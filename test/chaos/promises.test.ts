/** Tests that a run of chaos notices broken promises. */
import { expect, test } from '@jest/globals';
import { toItem } from '../../lambdas/jobs/job-item.ts';
import type { StreamRecord } from '../../local/dynamodb/stream-record.ts';
import { ChangeLog } from './change-log.ts';
import { FLOODER, planJobs } from './plan.ts';
import {
  burstWaits,
  compare,
  lostAndStuck,
  missingEvents,
  type StartedJob,
  twice,
  unfair,
} from './promises.ts';
import type { ChaosReceiver, Wait } from './receiver.ts';

const JOB = '5acd3325-366c-8254-a41e-9061fa3aabb8';
const job = {
  jobId: JOB,
  owner: 'arn:aws:iam::000000000000:user/owner-0',
  operation: 'echo',
  input: { text: 'key' },
  status: 'pending',
  version: 1,
  progress: 0,
  createdAt: '2026-11-27T12:00:00.000Z',
  updatedAt: '2026-11-27T12:00:00.000Z',
  expiresAt: 2_000_000_000,
};
const running = { ...job, status: 'running', version: 2 };
const completed = {
  ...job,
  status: 'completed',
  version: 3,
  progress: 1,
  result: { text: 'key' },
  endedAt: '2026-11-27T12:00:01.000Z',
};
const started: StartedJob = {
  key: 'key',
  jobId: JOB,
  owner: 'owner-0',
  operation: 'echo',
  behaviour: 'echo',
  isDoubled: false,
  isAbandoned: false,
};

/** Returns the log of these states of one job. */
function logOf(...states: object[]): ChangeLog {
  const log = new ChangeLog(['owner-0']);
  states.forEach((state, index) => {
    const before = states[index - 1];
    const images = { NewImage: toItem({ ...state }), ...(before && { OldImage: toItem({ ...before }) }) };
    log.add({ dynamodb: images } as unknown as StreamRecord);
  });
  return log;
}

function receiverOf(accepted: readonly string[], work: Readonly<Record<string, number>> = {}): ChaosReceiver {
  const events = new Map(accepted.map((id) => [id, { owner: 'owner-0', delayMs: 1 }]));
  return { accepted: events, work: new Map(Object.entries(work)) } as unknown as ChaosReceiver;
}

test('a job with its planned behaviour breaks nothing', () => {
  const log = logOf(job, running, completed);
  expect(log.broken).toEqual([]);
  expect(lostAndStuck([started], log, new Map())).toEqual({ lost: [], stuck: [], wrong: [] });
  expect(missingEvents(log, receiverOf([`${JOB}.1`, `${JOB}.2`, `${JOB}.3`]))).toEqual([]);
  expect(twice([started], receiverOf([]), [JOB]).found).toEqual([]);
});

test('a job that is not in the table is lost, and one that has not ended is stuck', () => {
  expect(lostAndStuck([started], new ChangeLog(['owner-0']), new Map()).lost).toEqual([
    `key: ${JOB} is not in the table`,
  ]);
  expect(lostAndStuck([started], logOf(job, running), new Map()).stuck).toHaveLength(1);
});

test('an unexpected end is wrong, but for a step that was killed twice', () => {
  const error = { code: 'STEP_CRASHED', message: 'It crashed.', retryable: true };
  const log = logOf(job, running, { ...completed, status: 'failed', result: undefined, error });
  expect(lostAndStuck([started], log, new Map([[JOB, 1]])).wrong).toHaveLength(1);
  expect(lostAndStuck([started], log, new Map([[JOB, 2]])).wrong).toEqual([]);
});

test('a change after the end, a lost version and progress that falls are not allowed', () => {
  const again = { ...completed, version: 4, status: 'running', progress: 0.5 };
  expect(logOf(job, running, completed, again).broken).toEqual([
    `not allowed ${JOB}: completed 3 → running 4`,
    `progress fell ${JOB}: completed 3 → running 4`,
  ]);
  expect(logOf(job, running, { ...running, watchedUntil: 1 }).broken).toEqual([]);
  expect(logOf(job, { ...running, version: 3 }).broken).toEqual([`version ${JOB}: pending 1 → running 3`]);
});

test('an event that did not arrive is missing', () => {
  const missing = missingEvents(logOf(job, running, completed), receiverOf([`${JOB}.1`, `${JOB}.3`]));
  expect(missing).toEqual([`job.started ${JOB}.2 of owner-0`]);
});

test('a second execution, a repeated attempt and a shared job are twice', () => {
  const work = { [`${JOB} work 0`]: 2, [`${JOB} work 1`]: 1 };
  const { found, workAgain } = twice([started, { ...started, key: 'other' }], receiverOf([], work), [
    JOB,
    `${JOB}-1`,
  ]);
  expect(found).toEqual([
    `${JOB} has 2 executions`,
    `the same attempt ended 2 times: ${JOB} work 0`,
    `${JOB} belongs to key, other`,
  ]);
  expect(workAgain).toBe(1);
});

test('webhooks in the order of their events are unfair to owners who come after a flood, and overtaking ones are fair', () => {
  // One after the other: 800 of the flooder, then 200 of others.
  const inOrder = Array.from({ length: 1_000 }, (_, index) => ({
    owner: index < 800 ? FLOODER : 'owner-0',
    delayMs: index * 20,
  }));
  const overtaking = inOrder.map((wait): Wait => (wait.owner === FLOODER ? wait : { ...wait, delayMs: 20 }));
  expect(unfair(compare(inOrder), compare(inOrder))).toEqual([
    "webhooks of the others waited 1.30 times as long as the flooder's, not 1",
  ]);
  expect(unfair(compare(inOrder), compare(overtaking))).toEqual([]);
});

test('the waits of a burst are those of events that all endpoints take', () => {
  const arrived = new Map(
    [`${JOB}.1`, `${JOB}.3`].map((id, index) => [id, { owner: 'owner-0', delayMs: 7 * index }]),
  );
  const log = logOf(job, running, completed);
  expect(burstWaits([started], log, { arrived }).others).toEqual({ p50: 7, p95: 7 });
  expect(burstWaits([], log, { arrived }).others).toEqual({ p50: 0, p95: 0 });
});

test('the same seed plans the same jobs, and another one others', () => {
  expect(planJobs(200, 50, 1, true)).toEqual(planJobs(200, 50, 1, true));
  expect(planJobs(200, 50, 1, true)).not.toEqual(planJobs(200, 50, 2, true));
});
