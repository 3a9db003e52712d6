/** Resumes the executions that wait for answers. */
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
import { isRefusedForGood } from '../../shared/aws/refused-for-good.ts';
import { log, withLogKeys } from '../../shared/observability/log.ts';

/**
 * @param records stream records of jobs that have received their last answer
 * @returns the first record that failed: the stream delivers it and all later records again
 */
export async function resumeExecutions(
  client: SFNClient,
  records: readonly DynamoDBRecord[],
): Promise<DynamoDBBatchResponse> {
  for (const { dynamodb } of records) {
    const image = (dynamodb?.NewImage ?? {}) as Record<string, AttributeValue>;
    const { jobId, operation, owner, step } = image;
    const keys = { job_id: jobId?.S, operation: operation?.S, owner: owner?.S, step: step?.S };
    const isSettled = await withLogKeys(keys, () => resume(client, image));
    if (!isSettled) return { batchItemFailures: [{ itemIdentifier: dynamodb?.SequenceNumber ?? '' }] };
  }
  return { batchItemFailures: [] };
}

/** @returns false when a repetition can succeed */
async function resume(client: SFNClient, image: Record<string, AttributeValue>): Promise<boolean> {
  try {
    const { taskToken } = fromItem(image);
    // The step reads the answers from the job record.
    await client.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }));
    log.info('Execution resumed');
    return true;
  } catch (error) {
    if (isOver(error)) {
      log.warn('An answer arrived after its execution stopped waiting', { reason: error.name });
      return true;
    }
    if (error instanceof SyntaxError || isRefusedForGood(error)) {
      // A repetition fails as well, and would hold the answers of all owners. The execution times out.
      log.error('An execution cannot be resumed', { error });
      return true;
    }
    log.error('Failed to resume an execution', { error });
    return false;
  }
}

/** The execution already resumed, timed out, or its job was cancelled. */
function isOver(error: unknown): error is Error {
  return error instanceof InvalidToken || error instanceof TaskDoesNotExist || error instanceof TaskTimedOut;
}
