/** State machines and the functions they run: retries, failures, stops. */
import {
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Harness } from '../fixture/harness.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(() => harness.stop());

test('a task is retried with the attempt in its context, and its successor starts from zero', async () => {
  const { executionArn } = await harness.startExecution('flaky', 'flaky');
  const { status, output } = await harness.ended(executionArn);
  expect(status).toBe('SUCCEEDED');
  expect(JSON.parse(output ?? '')).toMatchObject({
    first: { attempt: 1, execution: 'flaky', enteredTime: expect.stringMatching(/^\d{4}-.*Z$/) },
    second: { attempt: 0 },
  });
  expect(await history(executionArn)).toEqual(['TaskStateEntered first', 'TaskStateEntered second']);
});

test('a thrown error is caught with its name, and its message and trace as the cause', async () => {
  const { caught } = await outcomeOf('broken');
  expect(caught?.Error).toBe('TypeError');
  expect(JSON.parse(caught?.Cause ?? '')).toEqual({
    errorType: 'TypeError',
    errorMessage: 'it is broken',
    trace: expect.arrayContaining(['TypeError: it is broken']),
  });
});

test('a function that exits fails as on AWS', async () => {
  const { caught } = await outcomeOf('crash');
  expect(caught?.Error).toBe('Runtime.ExitError');
  expect(caught?.Cause).toContain('Runtime exited with error: exit status 7');
});

test('a function that exceeds its timeout is ended, even in a busy loop', async () => {
  const { caught } = await outcomeOf('hang');
  expect(caught?.Error).toBe('Sandbox.Timedout');
  expect(caught?.Cause).toContain('Task timed out after 5.00 seconds');
});

test('a function is warm for its second invocation', async () => {
  const invocations = async (name: string) => {
    const { output } = await harness.ended((await harness.startExecution(name, 'ok')).executionArn);
    return JSON.parse(output ?? '').first.invocations as number;
  };
  const first = await invocations('warm-1');
  expect(await invocations('warm-2')).toBeGreaterThan(first);
});

test('instances that run at the same time have a temporary directory each', async () => {
  const names = ['left', 'right'];
  const started = await Promise.all(names.map((name) => harness.startExecution(name, 'wait')));
  await Promise.all(names.map((name) => harness.entered(name, 1)));
  await Promise.all(names.map((name) => harness.put(`open/${name}`)));
  const ended = await Promise.all(started.map(({ executionArn }) => harness.ended(executionArn)));
  const scratches = ended.map(({ output }) => JSON.parse(output ?? '').first.scratch as string);
  expect(new Set(scratches).size).toBe(2);
});

test('a start is idempotent while the execution runs, and refused with other input or after its end', async () => {
  const { executionArn } = await harness.startExecution('once', 'wait');
  await harness.entered('once', 1);
  expect(await harness.startExecution('once', 'wait')).toMatchObject({ executionArn });
  await expect(harness.startExecution('once', 'ok')).rejects.toMatchObject({
    name: 'ExecutionAlreadyExists',
  });
  await harness.put('open/once');
  await harness.ended(executionArn);
  await expect(harness.startExecution('once', 'wait')).rejects.toMatchObject({
    name: 'ExecutionAlreadyExists',
  });
});

test('executions are listed by status, the newest first, page by page', async () => {
  await harness.startExecution('listed-1', 'wait');
  await harness.startExecution('listed-2', 'wait');
  const list = (nextToken?: string, maxResults = 1) =>
    harness.sfn.send(
      new ListExecutionsCommand({
        stateMachineArn: harness.machine,
        statusFilter: 'RUNNING',
        maxResults,
        nextToken,
      }),
    );
  const first = await list();
  const second = await list(first.nextToken);
  for (const [token, results] of [[first.nextToken, 2] as const, ['nonsense', 1] as const]) {
    await expect(list(token, results)).rejects.toMatchObject({ name: 'InvalidToken' });
  }
  expect([first, second].map(({ executions }) => executions?.map(({ name }) => name))).toEqual([
    ['listed-2'],
    ['listed-1'],
  ]);
  for (const { executionArn } of [...(first.executions ?? []), ...(second.executions ?? [])])
    await harness.sfn.send(new StopExecutionCommand({ executionArn }));
  expect(await list()).toMatchObject({ executions: [] });
});

test('a throttled action fails as on AWS until that ends', async () => {
  const end = harness.cloud.throttle('StartExecution');
  await expect(harness.startExecution('throttled', 'ok')).rejects.toMatchObject({
    name: 'ThrottlingException',
  });
  end();
  const { executionArn } = await harness.startExecution('throttled', 'ok');
  expect((await harness.ended(executionArn)).status).toBe('SUCCEEDED');
});

test('a stopped execution is aborted and enters no further state', async () => {
  const { executionArn } = await harness.startExecution('stopped', 'wait');
  await harness.entered('stopped', 1);
  await harness.sfn.send(new StopExecutionCommand({ executionArn, error: 'Cancelled', cause: 'by hand' }));
  await harness.put('open/stopped');
  expect(await harness.ended(executionArn)).toMatchObject({
    status: 'ABORTED',
    error: 'Cancelled',
    cause: 'by hand',
  });
  expect(await history(executionArn)).toEqual(['TaskStateEntered first']);
});

test.each([
  ['InvalidName', { name: 'a b', input: '{}' }],
  ['InvalidExecutionInput', { name: 'a', input: '{' }],
  ['StateMachineDoesNotExist', { name: 'a', input: '{}', stateMachineArn: 'arn:none' }],
])('%s is answered as AWS answers it', async (name, input) => {
  const command = new StartExecutionCommand({ stateMachineArn: harness.machine, ...input });
  await expect(harness.sfn.send(command)).rejects.toMatchObject({ name });
});

test('what functions print arrives by line under their names', () => {
  expect(harness.log).toContainEqual(expect.stringMatching(/^Work\w+ flaky flaky$/));
});

async function outcomeOf(mode: string): Promise<{ caught?: { Error: string; Cause: string } }> {
  const { output } = await harness.ended(
    (await harness.startExecution(`${mode}-outcome`, mode)).executionArn,
  );
  return JSON.parse(output ?? '');
}

async function history(executionArn: string | undefined): Promise<(string | undefined)[]> {
  const { events = [] } = await harness.sfn.send(new GetExecutionHistoryCommand({ executionArn }));
  return events.map(({ type, stateEnteredEventDetails }) => `${type} ${stateEnteredEventDetails?.name}`);
}
