/** Tests that answered jobs resume in order, and that the stream repeats from the first failure. */

import {
  InvalidToken,
  SendTaskSuccessCommand,
  type SFNClient,
  TaskDoesNotExist,
  TaskTimedOut,
} from '@aws-sdk/client-sfn';
import { jest } from '@jest/globals';
import type { DynamoDBRecord } from 'aws-lambda';
import { resumeExecutions } from '../../../lambdas/executions/input/resume.ts';
import { toItem } from '../../../lambdas/jobs/job-item.ts';
import { log } from '../../../lambdas/shared/observability/log.ts';

afterEach(() => jest.restoreAllMocks());

const recordOf = (jobId: string) =>
  ({
    dynamodb: { SequenceNumber: `n-${jobId}`, NewImage: toItem({ jobId, taskToken: `t-${jobId}` }) },
  }) as unknown as DynamoDBRecord;

function resume(records: readonly DynamoDBRecord[], failures: Readonly<Record<string, Error>> = {}) {
  const sent: unknown[] = [];
  const client = {
    send: async (command: SendTaskSuccessCommand) => {
      expect(command).toBeInstanceOf(SendTaskSuccessCommand);
      sent.push(command.input);
      const failure = failures[String(command.input.taskToken)];
      if (failure) throw failure;
    },
  } as unknown as SFNClient;
  return { sent, response: resumeExecutions(client, records) };
}

test('each job sends its token; the answers are not in the output', async () => {
  const { sent, response } = resume([recordOf('a'), recordOf('b')]);
  expect(await response).toEqual({ batchItemFailures: [] });
  expect(sent).toEqual([
    { taskToken: 't-a', output: '{}' },
    { taskToken: 't-b', output: '{}' },
  ]);
});

test.each([InvalidToken, TaskDoesNotExist, TaskTimedOut])(
  'an execution that no longer waits (%p) is skipped and logged',
  async (Over) => {
    const warn = jest.spyOn(log, 'warn').mockImplementation(() => {});
    const over = new Over({ message: 'over', $metadata: {} });
    const { sent, response } = resume([recordOf('a'), recordOf('b')], { 't-a': over });
    expect(await response).toEqual({ batchItemFailures: [] });
    expect(sent).toHaveLength(2);
    expect(warn.mock.calls).toEqual([
      ['An answer arrived after its execution stopped waiting', { reason: over.name }],
    ]);
  },
);

test('a token that Step Functions refuses for good, and an unreadable record, do not hold the others', async () => {
  const errors = jest.spyOn(log, 'error').mockImplementation(() => {});
  const refused = Object.assign(new Error('invalid'), {
    name: 'ValidationException',
    $metadata: { httpStatusCode: 400 },
  });
  const unreadable = {
    dynamodb: { NewImage: { jobId: { S: 'x' }, input: { S: '{' } } },
  } as unknown as DynamoDBRecord;
  const { sent, response } = resume([recordOf('a'), unreadable, recordOf('b')], { 't-a': refused });
  expect(await response).toEqual({ batchItemFailures: [] });
  expect(sent).toHaveLength(2);
  expect(errors).toHaveBeenCalledTimes(2);
});

test('another failure stops the batch at its record', async () => {
  const errors = jest.spyOn(log, 'error').mockImplementation(() => {});
  const error = new Error('throttled');
  const { sent, response } = resume(['a', 'b', 'c'].map(recordOf), { 't-b': error });
  expect(await response).toEqual({ batchItemFailures: [{ itemIdentifier: 'n-b' }] });
  expect(sent).toHaveLength(2);
  expect(errors).toHaveBeenCalledWith('Failed to resume an execution', { error });
});

test('a record without an image fails without a position', async () => {
  jest.spyOn(log, 'error').mockImplementation(() => {});
  const { response } = resume([{} as DynamoDBRecord], { undefined: new Error('no token') });
  expect(await response).toEqual({ batchItemFailures: [{ itemIdentifier: '' }] });
});
