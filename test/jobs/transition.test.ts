/** Tests the conditional update of each transition: what it writes, what it removes and what it requires. */
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { JobStatus } from '../../lambdas/jobs/job.ts';
import { type Change, transitionTo } from '../../lambdas/jobs/transition.ts';

const AT = '2026-01-01T00:00:00.000Z';

function update(to: JobStatus, change: Change = {}) {
  const { ExpressionAttributeValues, ...expressions } = transitionTo(to, change, AT);
  return { ...expressions, values: unmarshall(ExpressionAttributeValues) };
}

const conditionOf = (to: JobStatus, where: Change['where']) => update(to, { where }).ConditionExpression;

test('a transition to running sets its attributes, raises the version and keeps the first start time', () => {
  expect(update('running', { set: { step: 'test', progress: 0.5 } })).toEqual({
    UpdateExpression:
      'SET #step = :step, #progress = :progress, #status = :status, #updatedAt = :updatedAt, #version = #version + :one, #startedAt = if_not_exists(#startedAt, :updatedAt) REMOVE #reused',
    ConditionExpression: '#status IN (:from_pending, :from_running, :from_input_required)',
    ExpressionAttributeNames: {
      '#step': 'step',
      '#progress': 'progress',
      '#status': 'status',
      '#updatedAt': 'updatedAt',
      '#version': 'version',
      '#startedAt': 'startedAt',
      '#reused': 'reused',
    },
    values: {
      ':step': 'test',
      ':progress': 0.5,
      ':status': 'running',
      ':updatedAt': AT,
      ':one': 1,
      ':from_pending': 'pending',
      ':from_running': 'running',
      ':from_input_required': 'input_required',
    },
  });
});

test('a transition to input_required sets no start time', () => {
  expect(update('input_required').UpdateExpression).toBe(
    'SET #status = :status, #updatedAt = :updatedAt, #version = #version + :one',
  );
});

test.each(['completed', 'failed', 'cancelled'] as const)(
  'a transition to %s removes the job from the index of open jobs, with its lease, token and answers',
  (to) => {
    const { UpdateExpression, ExpressionAttributeNames } = update(to);
    expect(UpdateExpression).toBe(
      'SET #status = :status, #updatedAt = :updatedAt, #version = #version + :one REMOVE #openOwner, #lease, #taskToken, #answers, #watchedUntil, #reused',
    );
    expect(ExpressionAttributeNames).toMatchObject({
      '#openOwner': 'openOwner',
      '#lease': 'lease',
      '#taskToken': 'taskToken',
      '#answers': 'answers',
    });
  },
);

test.each([
  ['running', '#status IN (:from_pending, :from_running, :from_input_required)'],
  ['input_required', '#status IN (:from_running, :from_input_required)'],
  ['completed', '#status IN (:from_running)'],
  ['failed', '#status IN (:from_pending, :from_running, :from_input_required)'],
  ['cancelled', '#status IN (:from_pending, :from_running, :from_input_required)'],
] as const)('a transition to %s requires a status that may precede it', (to, condition) => {
  expect(conditionOf(to, undefined)).toBe(condition);
});

test('given statuses replace the statuses that may precede', () => {
  const { ConditionExpression, values } = update('failed', { where: { statuses: [JobStatus.pending] } });
  expect(ConditionExpression).toBe('#status IN (:from_pending)');
  expect(Object.keys(values).filter((name) => name.startsWith(':from_'))).toEqual([':from_pending']);
});

test.each([
  [{ owner: 'alice' }, '#owner = :owner', { ':owner': 'alice' }, '#owner'],
  [{ lease: 'a' }, '#lease = :heldBy', { ':heldBy': 'a' }, '#lease'],
  [{ version: 7 }, '#version = :read', { ':read': 7 }, '#version'],
])('the write requires %j of the record', (where, clause, values, name) => {
  const found = update('input_required', { where });
  expect(found.ConditionExpression).toBe(`#status IN (:from_running, :from_input_required) AND ${clause}`);
  expect(found.values).toMatchObject(values);
  expect(found.ExpressionAttributeNames).toHaveProperty([name], name.slice(1));
});

test('the write requires that the progress does not decrease only on request', () => {
  const set = { progress: 0.5 };
  expect(update('running', { set, where: { progressStays: true } }).ConditionExpression).toMatch(
    / AND #progress <= :progress$/,
  );
  expect(update('running', { set, where: { progressStays: false } }).ConditionExpression).not.toContain(
    'progress',
  );
});

test('conditions that are not given have no values', () => {
  expect(Object.keys(update('completed').values).sort()).toEqual([
    ':from_running',
    ':one',
    ':status',
    ':updatedAt',
  ]);
});

test('all conditions hold together', () => {
  const where = { owner: 'alice', lease: 'a', version: 7, progressStays: true };
  expect(update('completed', { set: { progress: 1 }, where }).ConditionExpression).toBe(
    '#status IN (:from_running) AND #owner = :owner AND #lease = :heldBy AND #version = :read AND #progress <= :progress',
  );
});
