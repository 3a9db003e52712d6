/** Tests AWS's limits of size that the local cloud enforces, so that a fault at a limit is seen here. */
import { expect, test } from '@jest/globals';
import { createEventRules } from '../../local/eventbridge/event-rules.ts';
import { DeployedFunctions } from '../../local/lambda/function-resources.ts';
import {
  compileStateMachine,
  type Outcome,
  type TaskRunner,
} from '../../local/stepfunctions/state-machine.ts';
import { DataLimitExceeded, named } from '../../local/stepfunctions/task-errors.ts';
import { TaskTokens } from '../../local/stepfunctions/task-tokens.ts';
import { refuseLargeBatch } from '../../local/storage/batch-limit.ts';
import type { Template } from '../../local/template/assembly.ts';
import { createResolver } from '../../local/template/intrinsics.ts';

const KIB = 1024;

/** Runs a task and then a state that adds its result to the input. */
function run(work: TaskRunner['run'], input: unknown): Promise<Outcome> {
  const definition = {
    StartAt: 'work',
    States: {
      work: {
        Type: 'Task',
        Resource: 'arn:aws:lambda:us-east-1:000000000000:function:f',
        ResultPath: '$.result',
        Catch: [{ ErrorEquals: ['Broken'], ResultPath: '$.caught', Next: 'end' }],
        Next: 'end',
      },
      end: { Type: 'Pass', End: true },
    },
  };
  const tasks = { check() {}, issueToken: () => '', revokeToken() {}, run: work };
  return compileStateMachine(JSON.stringify(definition), tasks)(input, {}).outcome;
}

test('a cause is cut off at 32,768 characters', async () => {
  const outcome = await run(async () => {
    throw named('Broken', 'x'.repeat(40_000));
  }, {});
  expect(outcome.status).toBe('SUCCEEDED');
  const { caught } = JSON.parse((outcome as { output: string }).output);
  expect(caught).toEqual({ Error: 'Broken', Cause: 'x'.repeat(32_768) });
});

test.each([
  ['input', async () => 'small', { text: 'x'.repeat(256 * KIB) }],
  ['input and its result together', async () => 'x'.repeat(200 * KIB), { text: 'x'.repeat(100 * KIB) }],
])('an execution ends when the %s of a state exceeds 256 KiB', async (_what, work, input) => {
  expect(await run(work, input)).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
});

test('an execution ends when its output exceeds 256 KiB', async () => {
  const definition = { StartAt: 'last', States: { last: { Type: 'Task', Resource: 'f', End: true } } };
  const tasks = {
    check() {},
    issueToken: () => '',
    revokeToken() {},
    run: async () => 'x'.repeat(257 * KIB),
  };
  const text = JSON.stringify(definition).replace(
    '"f"',
    '"arn:aws:lambda:us-east-1:000000000000:function:f"',
  );
  expect(await compileStateMachine(text, tasks)({}, {}).outcome).toMatchObject({
    status: 'FAILED',
    error: 'States.DataLimitExceeded',
  });
});

test('256 KiB pass', async () => {
  expect(await run(async () => 'x'.repeat(100 * KIB), { text: 'x'.repeat(150 * KIB) })).toMatchObject({
    status: 'SUCCEEDED',
  });
});

test('the output for a task token has the same limit', () => {
  const tokens = new TaskTokens();
  const token = tokens.issue('arn:aws:states:us-east-1:000000000000:stateMachine:m');
  void tokens.wait(token);
  expect(() => tokens.succeed(token, JSON.stringify('x'.repeat(256 * KIB)))).toThrow('256 KiB at most');
  tokens.succeed(token, '{}');
});

test('DataLimitExceeded is neither retried nor caught', () => {
  expect(new DataLimitExceeded('It')).toMatchObject({ isRetryable: false, isCatchable: false });
});

function resolved(Resources: Template['Resources']) {
  const addresses = { api: 'http://127.0.0.1:1', sqs: 'http://127.0.0.1:2' };
  const template = { Resources };
  return { template, resolve: createResolver({ template, stackName: 'S', addresses }) };
}

test.each([
  [60, undefined],
  [90, 'Rule Ended has an event pattern of 2162 characters; the limit of EventBridge is 2048. Shorten it.'],
])('a rule with %i names in its pattern: %s', (count, message) => {
  const EventPattern = { source: Array.from({ length: count }, (_, i) => `my.source.number-${i}-x`) };
  const { template, resolve } = resolved({
    Ended: { Type: 'AWS::Events::Rule', Properties: { EventPattern } },
  });
  const start = () => createEventRules(template, resolve, new Map(), () => true);
  if (message) expect(start).toThrow(message);
  else expect(start).not.toThrow();
});

test.each([
  [4_000, undefined],
  [4_096, 'Function Big has 4104 bytes of environment variables; the limit of Lambda is 4096.'],
])('a function with a variable of %i bytes: %s', (bytes, message) => {
  const Properties = {
    Code: {},
    Handler: 'index.handler',
    Environment: { Variables: { A: 'x'.repeat(bytes) } },
  };
  const { template, resolve } = resolved({ Big: { Type: 'AWS::Lambda::Function', Properties } });
  const options = { awsVariables: {}, iam: { sessionOf: () => ({ credentials: {} }) }, onLog() {} };
  const create = () => new DeployedFunctions(options as never).update({ template } as never, resolve);
  if (message) expect(create).toThrow(message);
  else expect(create).not.toThrow();
});

test('the messages of a batch for SNS take at most 262,144 bytes together', () => {
  const batch = (bytes: number) => ({
    'PublishBatchRequestEntries.member.1.Message': 'x'.repeat(bytes),
    'PublishBatchRequestEntries.member.2.Message': 'x'.repeat(200_000),
    TopicArn: 'x'.repeat(1_000),
  });
  expect(refuseLargeBatch('PublishBatch', batch(62_144))).toBeUndefined();
  expect(refuseLargeBatch('PublishBatch', batch(62_145))).toMatchObject({
    status: 400,
    body: expect.stringContaining('BatchRequestTooLong'),
  });
  expect(refuseLargeBatch('Publish', batch(100_000))).toBeUndefined();
});
