/** Tests the requests that the job store sends to DynamoDB, and what it returns for each response. */
import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import type { Job } from '../../lambdas/jobs/job.ts';
import { toItem } from '../../lambdas/jobs/job-item.ts';
import { JobStore, type NewJob, TransitionRefused } from '../../lambdas/jobs/job-store.ts';

const ID = '7d5fbf9e-0000-4000-8000-000000000001';
const NOW = Date.parse('2026-01-01T00:00:00.500Z');
const NOW_SECONDS = Math.floor(NOW / 1000);
const AT = '2026-01-01T00:00:00.500Z';
const refusedWrite = new ConditionalCheckFailedException({ message: 'no', $metadata: {} });

const client = new DynamoDBClient({ region: 'us-east-1' });
const dynamo = mockClient(client);
const jobs = new JobStore({ client, tableName: 'jobs-table', now: () => NOW });

beforeEach(() => dynamo.reset());

const newJob: NewJob = {
  jobId: ID,
  owner: 'alice',
  operation: 'build',
  input: { x: 1 },
  inputHash: 'hash',
  retentionSeconds: 60,
  longestRunMs: 10_000,
};

const stored: Job = {
  jobId: ID,
  owner: 'alice',
  operation: 'build',
  status: 'running',
  version: 4,
  progress: 0.5,
  input: { x: 1 },
  inputHash: 'hash',
  createdAt: AT,
  updatedAt: AT,
  retentionSeconds: 60,
  expiresAt: NOW_SECONDS + 60,
};
const item = (changes: Partial<Job> = {}) => toItem({ ...stored, ...changes });

function lastInput(command: unknown) {
  return dynamo.commandCalls(command as typeof GetItemCommand).at(-1)?.args[0].input as unknown as Record<
    string,
    never
  >;
}

const valuesOf = (input: Record<string, never>) => unmarshall(input.ExpressionAttributeValues ?? {});

test('a new job is written only when its id is free, expired or never started', async () => {
  dynamo.on(PutItemCommand).resolves({});
  const { job, created } = await jobs.create(newJob);
  expect(created).toBe(true);
  expect(job).toEqual({
    jobId: ID,
    owner: 'alice',
    operation: 'build',
    input: { x: 1 },
    inputHash: 'hash',
    retentionSeconds: 60,
    status: 'pending',
    version: 1,
    progress: 0,
    createdAt: AT,
    updatedAt: AT,
    expiresAt: NOW_SECONDS + 10 + 60,
  });
  expect(lastInput(PutItemCommand)).toEqual({
    TableName: 'jobs-table',
    Item: toItem({ ...job, openOwner: 'alice' }),
    ConditionExpression: 'attribute_not_exists(jobId) OR expiresAt <= :now OR #error.#code = :startFailed',
    ExpressionAttributeNames: { '#error': 'error', '#code': 'code' },
    ExpressionAttributeValues: marshall({ ':now': NOW_SECONDS, ':startFailed': 'START_FAILED' }),
  });
});

test('a write that fails for another reason throws its error', async () => {
  dynamo
    .on(PutItemCommand)
    .rejects(new Error('throttled'))
    .on(UpdateItemCommand)
    .rejects(new Error('throttled'));
  await expect(jobs.create(newJob)).rejects.toThrow('throttled');
  await expect(jobs.begin(ID, { step: 'test', progress: 0, lease: 'a' })).rejects.toThrow('throttled');
});

test('a repeated idempotency key finds its job', async () => {
  dynamo.on(PutItemCommand).rejects(refusedWrite).on(GetItemCommand).resolves({ Item: item() });
  expect(await jobs.create(newJob)).toEqual({ job: stored, created: false });
});

test.each([
  ['with other arguments', item({ inputHash: 'other' })],
  ['whose job has just gone', undefined],
])('an idempotency key %s is refused', async (_what, Item) => {
  dynamo.on(PutItemCommand).rejects(refusedWrite).on(GetItemCommand).resolves({ Item });
  await expect(jobs.create(newJob)).rejects.toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
    message:
      'This idempotency_key was used with different arguments. Repeat those arguments or choose a new key.',
  });
});

test('a job is read strongly consistent, by its id', async () => {
  dynamo.on(GetItemCommand).resolves({ Item: item() });
  expect(await jobs.find(ID)).toEqual(stored);
  expect(lastInput(GetItemCommand)).toEqual({
    TableName: 'jobs-table',
    Key: { jobId: { S: ID } },
    ConsistentRead: true,
  });
});

test.each([
  ['of another owner', { owner: 'bob' }],
  ['that expires this second', { expiresAt: NOW_SECONDS }],
])('a job %s is not found', async (_what, changes) => {
  dynamo.on(GetItemCommand).resolves({ Item: item(changes) });
  expect(await jobs.get('alice', ID)).toBeUndefined();
});

test('a job that does not exist is not found', async () => {
  dynamo.on(GetItemCommand).resolves({});
  expect(await jobs.find(ID)).toBeUndefined();
  expect(await jobs.get('alice', ID)).toBeUndefined();
});

describe('a batch read', () => {
  test('asks for each job once, and returns the owner’s', async () => {
    const mine = item();
    const others = [item({ owner: 'bob' }), item({ expiresAt: NOW_SECONDS })];
    dynamo.on(BatchGetItemCommand).resolves({ Responses: { 'jobs-table': [mine, ...others] } });
    expect(await jobs.getAll('alice', [ID, ID, 'other'])).toEqual([stored]);
    expect(lastInput(BatchGetItemCommand)).toEqual({
      RequestItems: {
        'jobs-table': { Keys: [{ jobId: { S: ID } }, { jobId: { S: 'other' } }], ConsistentRead: true },
      },
    });
  });

  test('asks again for the keys that DynamoDB leaves unprocessed', async () => {
    dynamo
      .on(BatchGetItemCommand)
      .resolvesOnce({
        Responses: { 'jobs-table': [item({ jobId: 'other' })] },
        UnprocessedKeys: { 'jobs-table': { Keys: [{ jobId: { S: ID } }] } },
      })
      .resolvesOnce({ Responses: { 'jobs-table': [item()] } });
    expect(await jobs.getAll('alice', ['other', ID])).toEqual([{ ...stored, jobId: 'other' }, stored]);
    expect(lastInput(BatchGetItemCommand)).toMatchObject({
      RequestItems: { 'jobs-table': { Keys: [{ jobId: { S: ID } }], ConsistentRead: true } },
    });
  });

  test('of no jobs sends nothing', async () => {
    expect(await jobs.getAll('alice', [])).toEqual([]);
    expect(dynamo.calls()).toHaveLength(0);
  });

  test('can return nothing', async () => {
    dynamo.on(BatchGetItemCommand).resolves({});
    expect(await jobs.getAll('alice', [ID])).toEqual([]);
    dynamo.on(BatchGetItemCommand).resolves({ Responses: {} });
    expect(await jobs.getAll('alice', [ID])).toEqual([]);
  });
});

describe('a lease', () => {
  test('is read strongly consistent, without the rest of the job', async () => {
    dynamo
      .on(GetItemCommand)
      .resolves({ Item: marshall({ status: 'running', lease: 'a', watchedUntil: 7 }) });
    expect(await jobs.readLease(ID, 'a')).toEqual({ watchedUntil: 7 });
    expect(lastInput(GetItemCommand)).toEqual({
      TableName: 'jobs-table',
      Key: { jobId: { S: ID } },
      ConsistentRead: true,
      ProjectionExpression: '#status, #lease, #watchedUntil',
      ExpressionAttributeNames: { '#status': 'status', '#lease': 'lease', '#watchedUntil': 'watchedUntil' },
    });
  });

  test.each([
    ['of another invocation', { Item: marshall({ status: 'running', lease: 'b' }) }],
    ['of a job that has ended', { Item: marshall({ status: 'cancelled', lease: 'a' }) }],
    ['of a job that does not exist', {}],
  ])('%s is not owned', async (_what, response) => {
    dynamo.on(GetItemCommand).resolves(response);
    expect(await jobs.readLease(ID, 'a')).toBeUndefined();
  });
});

describe('a look at a job', () => {
  const old = { ...stored, updatedAt: '2026-01-01T00:00:00Z', stepFunction: { memoryMb: 512 } };
  const later = (now: () => number) => new JobStore({ client, tableName: 'jobs-table', now });
  const SEEN = NOW + 10_000;

  test('is written only where a step runs and no other look of this minute is, without a version, a time or a read', async () => {
    dynamo.on(UpdateItemCommand).resolves({});
    await later(() => SEEN).watch(old);
    expect(lastInput(UpdateItemCommand)).toEqual({
      TableName: 'jobs-table',
      Key: { jobId: { S: ID } },
      UpdateExpression: 'SET watchedUntil = :until',
      ConditionExpression:
        '#status = :running AND (attribute_not_exists(watchedUntil) OR watchedUntil < :due)',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: {
        ':until': { N: String(SEEN + 120_000) },
        ':due': { N: String(SEEN + 60_000) },
        ':running': { S: 'running' },
      },
    });
    expect(dynamo.calls()).toHaveLength(1);
  });

  test('that is not needed sends nothing', async () => {
    await later(() => SEEN).watch({ ...old, watchedUntil: SEEN + 60_000 });
    await jobs.watch(stored);
    expect(dynamo.calls()).toHaveLength(0);
  });

  test('that another look precedes is no failure', async () => {
    dynamo.on(UpdateItemCommand).rejects(refusedWrite);
    const store = later(() => SEEN);
    await store.watch(old);
    await store.watch(old);
    expect(dynamo.calls()).toHaveLength(2);
  });

  test('does not fail when the table throttles, and is not repeated for five seconds', async () => {
    dynamo.on(UpdateItemCommand).rejects(new Error('throttled'));
    let now = SEEN;
    const store = later(() => now);
    await store.watch(old);
    await store.watch(old);
    expect(dynamo.calls()).toHaveLength(1);
    now += 5_000;
    await store.watch(old);
    expect(dynamo.calls()).toHaveLength(2);
  });

  test('does not wait for a table that does not respond', async () => {
    dynamo.on(UpdateItemCommand).callsFake(() => new Promise(() => {}));
    await later(() => SEEN).watch(old);
    expect(dynamo.calls()).toHaveLength(1);
  });
});

describe('a transition', () => {
  beforeEach(() => dynamo.on(UpdateItemCommand).resolves({ Attributes: item() }));

  const written = () => {
    const { ConditionExpression, ...input } = lastInput(UpdateItemCommand) as Record<string, unknown>;
    return { condition: ConditionExpression, values: valuesOf(input as never), input };
  };

  test('writes the job by its id and returns it as it is now', async () => {
    expect(await jobs.begin(ID, { step: 'test', progress: 0.5, lease: 'a' })).toEqual(stored);
    expect(written().input).toMatchObject({
      TableName: 'jobs-table',
      Key: { jobId: { S: ID } },
      ReturnValues: 'ALL_NEW',
    });
  });

  test('begins a step with its lease and a message', async () => {
    await jobs.begin(ID, { step: 'test', progress: 0.5, lease: 'a' });
    expect(written().values).toMatchObject({
      ':step': 'test',
      ':lease': 'a',
      ':progress': 0.5,
      ':message': 'Running test.',
      ':updatedAt': AT,
      ':status': 'running',
    });
    expect(written().condition).toContain('#progress <= :progress');
    await jobs.begin(ID, { step: 'test', progress: 0.5, lease: 'a', message: 'Again.' });
    expect(written().values).toMatchObject({ ':message': 'Again.' });
  });

  test('reports progress under its lease, and keeps the message when there is no new one', async () => {
    await jobs.report(ID, 'a', { progress: 0.6 });
    expect(written().condition).toBe(
      '#status IN (:from_pending, :from_running, :from_input_required) AND #lease = :heldBy AND #progress <= :progress',
    );
    expect(written().values).toMatchObject({ ':heldBy': 'a', ':progress': 0.6 });
    expect(written().values).not.toHaveProperty(':message');
    await jobs.report(ID, 'a', { progress: 0.6, message: 'Half.' });
    expect(written().values).toMatchObject({ ':message': 'Half.' });
  });

  test('records the progress of an execution on the version that was read', async () => {
    await jobs.recordProgress(stored, { progress: 0.7, step: 'second', message: 'Running second.' });
    expect(written().condition).toContain(' AND #version = :read');
    expect(written().values).toMatchObject({
      ':read': 4,
      ':progress': 0.7,
      ':step': 'second',
      ':message': 'Running second.',
    });
  });

  test('records questions on the version that was read, under a new lease', async () => {
    const inputRequests = { ok: { step: 'ask', message: 'Ok?', schema: {} } };
    const asked = { step: 'ask', inputRequests, taskToken: 'token', message: 'Waiting.' };
    await jobs.requireInput(stored, 'new', asked);
    expect(written().condition).toMatch(
      /^#status IN \(:from_running, :from_input_required\) AND #version = :read AND /,
    );
    expect(written().values).toMatchObject({
      ':status': 'input_required',
      ':lease': 'new',
      ':taskToken': 'token',
      ':read': 4,
      ':inputRequests': JSON.stringify(inputRequests),
    });
  });

  test('the last answer resumes the job of its owner', async () => {
    await jobs.answer(stored, { ok: { action: 'decline' } }, true);
    expect(written().condition).toBe(
      '#status IN (:from_input_required) AND #owner = :owner AND #version = :read',
    );
    expect(written().values).toMatchObject({
      ':status': 'running',
      ':message': 'Answers received; resuming.',
      ':answers': '{"ok":{"action":"decline"}}',
      ':owner': 'alice',
      ':read': 4,
    });
  });

  test('an answer before the last leaves the job waiting', async () => {
    await jobs.answer(stored, { ok: { action: 'decline' } }, false);
    expect(written().values).toMatchObject({ ':status': 'input_required' });
    expect(written().values).not.toHaveProperty(':message');
    expect(written().condition).toContain('#status IN (:from_input_required) AND');
  });

  test('completes a running job under its lease and starts its retention', async () => {
    await jobs.complete(ID, 'a', { result: { y: 2 } }, 30);
    expect(written().condition).toBe('#status IN (:from_running) AND #lease = :heldBy');
    expect(written().values).toMatchObject({
      ':status': 'completed',
      ':result': '{"y":2}',
      ':progress': 1,
      ':message': 'Completed.',
      ':endedAt': AT,
      ':expiresAt': NOW_SECONDS + 30,
      ':heldBy': 'a',
    });
  });

  test('completes without a lease for the recorder of executions', async () => {
    await jobs.complete(ID, undefined, { result: null }, 30);
    expect(written().condition).toBe('#status IN (:from_running)');
  });

  test('fails a job with its error, whose message it shows', async () => {
    const error = { code: 'STEP_CRASHED', message: 'It crashed.', retryable: true };
    await jobs.fail(ID, error, { lease: 'a', retentionSeconds: 30, step: 'test', logTail: ['one'] });
    expect(written().condition).toContain('AND #lease = :heldBy');
    expect(written().values).toMatchObject({
      ':status': 'failed',
      ':error': error,
      ':message': 'It crashed.',
      ':step': 'test',
      ':logTail': ['one'],
      ':expiresAt': NOW_SECONDS + 30,
    });
    expect(written().values).not.toHaveProperty(':retentionSeconds');
  });

  test('cancels under the lease of the step whose answer refused', async () => {
    await jobs.refuse(ID, 'a', { message: 'Declined.', step: 'ask' }, 30);
    expect(written().condition).toContain('AND #lease = :heldBy');
    expect(written().values).toMatchObject({
      ':status': 'cancelled',
      ':message': 'Declined.',
      ':step': 'ask',
    });
  });

  test('fails a start only while the job is pending', async () => {
    const error = { code: 'START_FAILED', message: 'No start.', retryable: true };
    await jobs.failStart(stored, error);
    expect(written().condition).toBe('#status IN (:from_pending)');
    expect(written().values).toMatchObject({
      ':status': 'failed',
      ':error': error,
      ':message': 'No start.',
      ':expiresAt': NOW_SECONDS + 60,
    });
  });

  test('cancels the job of its owner', async () => {
    await jobs.cancel('alice', stored);
    expect(written().condition).toContain('AND #owner = :owner');
    expect(written().values).toMatchObject({
      ':status': 'cancelled',
      ':message': 'Cancelled on request.',
      ':owner': 'alice',
      ':expiresAt': NOW_SECONDS + 60,
    });
  });

  test('without attributes in the response returns an empty job', async () => {
    dynamo.on(UpdateItemCommand).resolves({});
    expect(await jobs.cancel('alice', stored)).toEqual({});
  });
});

describe('a refused transition', () => {
  const begin = () => jobs.begin(ID, { step: 'test', progress: 0.2, lease: 'a' });

  test('names the job as it is', async () => {
    dynamo
      .on(UpdateItemCommand)
      .rejects(refusedWrite)
      .on(GetItemCommand)
      .resolves({ Item: item({ status: 'completed', progress: 1 }) });
    const error: TransitionRefused = await jobs.report(ID, 'a', { progress: 0.2 }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(TransitionRefused);
    expect(error).toMatchObject({
      name: 'TransitionRefused',
      message: 'A completed job at progress 1 cannot become running.',
      job: { jobId: ID, status: 'completed' },
    });
  });

  test('reports a missing job', async () => {
    dynamo.on(UpdateItemCommand).rejects(refusedWrite).on(GetItemCommand).resolves({});
    await expect(begin()).rejects.toMatchObject({
      message: 'No job found to become running.',
      job: undefined,
    });
  });

  test('hides the job of another owner', async () => {
    dynamo
      .on(UpdateItemCommand)
      .rejects(refusedWrite)
      .on(GetItemCommand)
      .resolves({ Item: item({ owner: 'bob' }) });
    await expect(jobs.cancel('alice', stored)).rejects.toMatchObject({ job: undefined });
  });

  test('shows the owner the job', async () => {
    dynamo.on(UpdateItemCommand).rejects(refusedWrite).on(GetItemCommand).resolves({ Item: item() });
    await expect(jobs.cancel('alice', stored)).rejects.toMatchObject({ job: { jobId: ID } });
  });

  test('of a step that begins below the progress reached is repeated with that progress', async () => {
    dynamo
      .on(UpdateItemCommand)
      .rejectsOnce(refusedWrite)
      .resolves({ Attributes: item() })
      .on(GetItemCommand)
      .resolves({ Item: item() });
    await begin();
    expect(valuesOf(lastInput(UpdateItemCommand))).toMatchObject({ ':progress': 0.5, ':lease': 'a' });
  });

  test('of a step that begins at the progress reached is not repeated', async () => {
    dynamo
      .on(UpdateItemCommand)
      .rejects(refusedWrite)
      .on(GetItemCommand)
      .resolves({ Item: item({ progress: 0.2 }) });
    await expect(begin()).rejects.toThrow(TransitionRefused);
    expect(dynamo.commandCalls(UpdateItemCommand)).toHaveLength(1);
  });
});

describe('a list', () => {
  const after = { jobId: ID, createdAt: AT };

  test('is one query for the newest jobs of the owner', async () => {
    dynamo.on(QueryCommand).resolves({ Items: [marshall({ jobId: ID, status: 'running' })] });
    expect(await jobs.list('alice', { limit: 5, after })).toEqual({
      jobs: [{ jobId: ID, status: 'running' }],
    });
    expect(lastInput(QueryCommand)).toEqual({
      TableName: 'jobs-table',
      IndexName: 'byOwner',
      KeyConditionExpression: '#owner = :owner',
      FilterExpression: 'expiresAt > :now',
      ExpressionAttributeNames: { '#owner': 'owner' },
      ExpressionAttributeValues: marshall({ ':owner': 'alice', ':now': NOW_SECONDS }),
      ScanIndexForward: false,
      Limit: 5,
      ExclusiveStartKey: marshall({ owner: 'alice', createdAt: AT, jobId: ID }),
    });
  });

  test('begins at the start without a position', async () => {
    dynamo.on(QueryCommand).resolves({});
    expect(await jobs.list('alice', { limit: 5 })).toEqual({ jobs: [] });
    expect(lastInput(QueryCommand).ExclusiveStartKey).toBeUndefined();
  });

  test('continues at a position without the owner', async () => {
    dynamo.on(QueryCommand).resolves({ Items: [], LastEvaluatedKey: marshall({ ...after, owner: 'alice' }) });
    expect(await jobs.list('alice', { limit: 5 })).toEqual({ jobs: [], next: after });
  });
});

test('open operations are read from the index of open jobs', async () => {
  dynamo.on(QueryCommand).resolves({ Items: [marshall({ operation: 'build' })] });
  expect(await jobs.openOperations('alice', 7)).toEqual(['build']);
  expect(lastInput(QueryCommand)).toEqual({
    TableName: 'jobs-table',
    IndexName: 'open',
    KeyConditionExpression: 'openOwner = :owner',
    ExpressionAttributeValues: marshall({ ':owner': 'alice' }),
    Limit: 7,
  });
  dynamo.on(QueryCommand).resolves({});
  expect(await jobs.openOperations('alice', 7)).toEqual([]);
});

test('started jobs are counted, not read', async () => {
  dynamo.on(QueryCommand).resolves({ Count: 3 });
  expect(await jobs.countStarted('alice', AT, 9)).toBe(3);
  expect(lastInput(QueryCommand)).toEqual({
    TableName: 'jobs-table',
    IndexName: 'byOwner',
    KeyConditionExpression: '#owner = :owner AND createdAt >= :since',
    ExpressionAttributeNames: { '#owner': 'owner' },
    ExpressionAttributeValues: marshall({ ':owner': 'alice', ':since': AT }),
    Select: 'COUNT',
    Limit: 9,
  });
  dynamo.on(QueryCommand).resolves({});
  expect(await jobs.countStarted('alice', AT, 9)).toBe(0);
});

test('open jobs before a time are read page after page', async () => {
  dynamo
    .on(ScanCommand)
    .resolvesOnce({ Items: [marshall({ jobId: 'a' })], LastEvaluatedKey: marshall({ jobId: 'a' }) })
    .resolvesOnce({ LastEvaluatedKey: marshall({ jobId: 'b' }) })
    .resolvesOnce({ Items: [marshall({ jobId: 'c' })] });
  const found: unknown[] = [];
  for await (const each of jobs.openBefore(AT)) found.push(each);
  expect(found).toEqual([{ jobId: 'a' }, { jobId: 'c' }]);
  expect(dynamo.commandCalls(ScanCommand)[0]?.args[0].input).toMatchObject({
    TableName: 'jobs-table',
    IndexName: 'open',
    FilterExpression: 'createdAt < :before',
    ExpressionAttributeValues: marshall({ ':before': AT }),
  });
});

test('the clock is the system clock by default', async () => {
  dynamo.on(PutItemCommand).resolves({});
  const before = Date.now();
  const { job } = await new JobStore({ client, tableName: 'jobs-table' }).create(newJob);
  expect(Date.parse(job.createdAt)).toBeGreaterThanOrEqual(before);
});
