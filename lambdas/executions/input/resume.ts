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
import { log } from '../../shared/observability/log.ts';

/**
 * @param records stream records of jobs that have received their last answer
 * @returns the first record that failed: the stream delivers it and all later records again
 */
export async function resumeExecutions(
  client: SFNClient,
  records: readonly DynamoDBRecord[],
): Promise<DynamoDBBatchResponse> {
  for (const { dynamodb } of records) {
    const jobId = dynamodb?.NewImage?.jobId?.S;
    try {
      const { taskToken } = fromItem((dynamodb?.NewImage ?? {}) as Record<string, AttributeValue>);
      // The step reads the answers from the job record.
      await client.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }));
    } catch (error) {
      if (error instanceof SyntaxError || (!isOver(error) && isRefusedForGood(error))) {
        // A repetition fails as well, and would hold the answers of all owners. The execution times out.
        log.error('An execution cannot be resumed', { job_id: jobId, error });
        continue;
      }
      if (!isOver(error)) {
        log.error('Failed to resume an execution', { job_id: jobId, error });
        return { batchItemFailures: [{ itemIdentifier: dynamodb?.SequenceNumber ?? '' }] };
      }
      log.warn('An answer arrived after its execution stopped waiting', {
        job_id: jobId,
        reason: error.name,
      });
    }
  }
  return { batchItemFailures: [] };
}

/** The execution already resumed, timed out, or its job was cancelled. */
function isOver(error: unknown): error is Error {
  return error instanceof InvalidToken || error instanceof TaskDoesNotExist || error instanceof TaskTimedOut;
}
