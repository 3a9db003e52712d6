/** Rules on a schedule: when they are due, and what their targets get. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { startSchedules } from '../../../local/eventbridge/schedules.ts';
import type { RuleGate } from '../../../local/iam/invoke-permissions.ts';
import type { LambdaFunction } from '../../../local/lambda/functions.ts';
import { createResolver } from '../../../local/template/intrinsics.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const TARGET = { Arn: 'arn:aws:lambda:us-east-1:000000000000:function:sweep', Id: 'Target0' };

const invoke = jest.fn<LambdaFunction['invokeAsync']>();
const gate = jest.fn<RuleGate>();
let running: ReturnType<typeof startSchedules> | undefined;

beforeEach(() => {
  jest.useFakeTimers({ now: Date.parse('2026-01-01T00:00:00.123Z') });
  invoke.mockReset().mockResolvedValue(undefined);
  gate.mockReset().mockReturnValue(true);
});
afterEach(() => {
  running?.close();
  jest.useRealTimers();
});

function start(ScheduleExpression: string, properties: object = {}): void {
  const template = {
    Resources: {
      Sweep: {
        Type: 'AWS::Events::Rule',
        Properties: { ScheduleExpression, Targets: [TARGET], ...properties },
      },
    },
  };
  const addresses = { api: 'http://127.0.0.1:1', sqs: 'http://127.0.0.1:2' };
  const functions = new Map([['sweep', { invokeAsync: invoke } as unknown as LambdaFunction]]);
  const resolve = createResolver({ template, stackName: 'S', addresses });
  running = startSchedules(template, resolve, functions, gate);
}

test.each([
  ['rate(1 minute)', MINUTE_MS],
  ['rate(5 minutes)', 5 * MINUTE_MS],
  ['rate(2 hours)', 2 * HOUR_MS],
  ['rate(1 day)', 24 * HOUR_MS],
  // Longer than a timer can wait.
  ['rate(30 days)', 30 * 24 * HOUR_MS],
])('%s is due after that time, and each time it has passed again', async (expression, periodMs) => {
  start(expression);
  await jest.advanceTimersByTimeAsync(periodMs - 1);
  expect(invoke).not.toHaveBeenCalled();
  await jest.advanceTimersByTimeAsync(1);
  expect(invoke).toHaveBeenCalledTimes(1);
  await jest.advanceTimersByTimeAsync(2 * periodMs);
  expect(invoke).toHaveBeenCalledTimes(3);
});

test('a target gets the event that EventBridge makes', async () => {
  start('rate(1 minute)');
  await jest.advanceTimersByTimeAsync(MINUTE_MS);
  expect(JSON.parse(invoke.mock.calls[0]?.[0] ?? '')).toEqual({
    version: '0',
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: '000000000000',
    time: '2026-01-01T00:01:00Z',
    region: 'us-east-1',
    resources: ['arn:aws:events:us-east-1:000000000000:rule/Sweep'],
    detail: {},
  });
});

test('a target with an input gets that', async () => {
  start('rate(1 minute)', { Targets: [{ ...TARGET, Input: '{"dry":true}' }] });
  await jest.advanceTimersByTimeAsync(MINUTE_MS);
  expect(invoke.mock.calls).toEqual([['{"dry":true}']]);
});

test('a function that has not permitted the rule is not invoked', async () => {
  gate.mockReturnValue(false);
  start('rate(1 minute)');
  await jest.advanceTimersByTimeAsync(MINUTE_MS);
  expect(gate.mock.calls).toEqual([['Sweep', 'sweep']]);
  expect(invoke).not.toHaveBeenCalled();
});

test('a function that takes longer than the period is not begun beside itself', async () => {
  const slow = Promise.withResolvers<void>();
  invoke.mockReturnValueOnce(slow.promise);
  start('rate(1 minute)');
  await jest.advanceTimersByTimeAsync(3 * MINUTE_MS);
  expect(invoke).toHaveBeenCalledTimes(1);
  slow.resolve();
  await jest.advanceTimersByTimeAsync(MINUTE_MS);
  expect(invoke).toHaveBeenCalledTimes(2);
});

test('nothing is due after closing, nor ever for a rule that is disabled', async () => {
  start('rate(1 minute)', { State: 'DISABLED' });
  await jest.advanceTimersByTimeAsync(MINUTE_MS);
  running?.close();
  start('rate(1 minute)');
  running?.close();
  expect(jest.getTimerCount()).toBe(0);
  await jest.advanceTimersByTimeAsync(MINUTE_MS);
  expect(invoke).not.toHaveBeenCalled();
});

test.each([
  ['cron(0 12 * * ? *)', {}, 'Rule Sweep has the schedule cron(0 12 * * ? *)'],
  ['rate(0 minutes)', {}, 'Rule Sweep has the schedule rate(0 minutes)'],
  ['rate(1 minute)', { Targets: [{ Arn: 'arn:aws:sqs:us-east-1:000000000000:q' }] }, 'use a function'],
  ['rate(1 minute)', { Targets: [{ ...TARGET, InputPath: '$.time' }] }, 'a part of the event'],
])('%s with %j is refused, and named', (expression, properties, message) => {
  expect(() => start(expression, properties)).toThrow(message);
});
