/** Answers are here: the executions that wait for them go on. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import {
  InvalidToken,
  SendTaskSuccessCommand,
  type SFNClient,
  TaskDoesNotExist,
  TaskTimedOut,
} from '@aws-sdk/client-sfn';
import type { DynamoDBBatchResponse, DynamoDBRecord } from 'aws-lambda';
import { fromItem } from '../../jobs/job-item.ts';

/**
 * @param records changes by which jobs have got their last answer
 * @returns the first whose execution could not be told: the stream delivers it and those after it again
 */
export async function resumeExecutions(
  client: SFNClient,
  records: readonly DynamoDBRecord[],
): Promise<DynamoDBBatchResponse> {
  for (const { dynamodb } of records) {
    const { jobId, taskToken } = fromItem((dynamodb?.NewImage ?? {}) as Record<string, AttributeValue>);
    try {
      // What was answered is on record, where the step finds it.
      await client.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }));
    } catch (error) {
      if (!isOver(error)) {
        console.error({ message: 'An execution could not be told to go on', jobId, error });
        return { batchItemFailures: [{ itemIdentifier: dynamodb?.SequenceNumber ?? '' }] };
      }
      console.warn({ message: 'An answer came when nobody waited any more', jobId, reason: error.name });
    }
  }
  return { batchItemFailures: [] };
}

/** It was told before, its time was over, or the job was cancelled. */
function isOver(error: unknown): error is Error {
  return error instanceof InvalidToken || error instanceof TaskDoesNotExist || error instanceof TaskTimedOut;
}
