/** Tests the heartbeats of tasks that wait for their token. */
import { jest } from '@jest/globals';
import { TaskTokens } from '../../../local/stepfunctions/task-tokens.ts';

const MACHINE = 'arn:aws:states:us-east-1:000000000000:stateMachine:x';

afterEach(() => {
  jest.useRealTimers();
});

/** @returns the name of the error of a task; undefined while it waits */
function outcomeOf(task: Promise<unknown>): { name?: string } {
  const outcome: { name?: string } = {};
  task.catch(({ name }) => {
    outcome.name = name;
  });
  return outcome;
}

test('a task without a heartbeat in time fails, and its token is no longer valid', async () => {
  jest.useFakeTimers();
  const tokens = new TaskTokens();
  const token = tokens.issue(MACHINE);
  const outcome = outcomeOf(tokens.wait(token, 45));
  await jest.advanceTimersByTimeAsync(44_000);
  tokens.heartbeat(token);
  await jest.advanceTimersByTimeAsync(44_000);
  expect(outcome.name).toBeUndefined();
  await jest.advanceTimersByTimeAsync(1_000);
  expect(outcome.name).toBe('States.HeartbeatTimeout');
  for (const call of [() => tokens.heartbeat(token), () => tokens.succeed(token, '1')]) {
    expect(call).toThrow(/does not exist anymore/);
  }
});

test('heartbeats expire at once on request, but not of tasks without one', async () => {
  const tokens = new TaskTokens();
  const [beating, waiting] = [tokens.issue(MACHINE), tokens.issue(MACHINE)];
  const outcome = outcomeOf(tokens.wait(beating, 45));
  const other = tokens.wait(waiting);
  expect(tokens.expireHeartbeats()).toBe(1);
  await Promise.resolve();
  expect(outcome.name).toBe('States.HeartbeatTimeout');
  tokens.succeed(waiting, '1');
  expect(await other).toBe(1);
});
