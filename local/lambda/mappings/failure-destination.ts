/** Sends failed batches of an event source mapping to its failure destination: a queue or a topic. */
import { randomUUID } from 'node:crypto';
import type { StreamRecord } from '../../dynamodb/stream-record.ts';
import { SHARD_ID, sequenceOf } from '../../dynamodb/table-stream.ts';
import type { StorageServer } from '../../storage/storage.ts';

export interface FailedBatch {
  readonly functionArn: string;
  readonly records: readonly [StreamRecord, ...StreamRecord[]];
  readonly invocations: number;
  /** False when the function returned and reported these records as failed. */
  readonly threw: boolean;
}

export type DeadLetter = (batch: FailedBatch) => void;

export interface FailureDestinationParts {
  readonly storage: StorageServer;
  /** Called before a batch is sent. @throws Refusal when the function's role lacks the permission */
  readonly onDeadLetter: (destinationArn: string) => void;
}

/** @throws Error for a destination that is neither a queue nor a topic */
export function createFailureDestination(
  mapping: string,
  destinationArn: string,
  { storage, onDeadLetter }: FailureDestinationParts,
): DeadLetter {
  const [, , service, , , name = ''] = destinationArn.split(':');
  if (service !== 'sqs' && service !== 'sns') {
    throw new Error(
      `Mapping ${mapping} has the failure destination ${destinationArn}: use a queue or a topic, which the local cloud supports.`,
    );
  }
  return (batch) => {
    onDeadLetter(destinationArn);
    const text = JSON.stringify(failureOf(batch));
    if (service === 'sqs') storage.sendMessage(name, text);
    else storage.publish(name, text);
  };
}

/** Returns the failure in Lambda's format, which does not contain the records. */
function failureOf({ functionArn, records, invocations, threw }: FailedBatch): object {
  const [first] = records;
  const last = records.at(-1) ?? first;
  return {
    requestContext: {
      requestId: randomUUID(),
      functionArn,
      condition: 'RetryAttemptsExhausted',
      approximateInvokeCount: invocations,
    },
    responseContext: {
      statusCode: 200,
      executedVersion: '$LATEST',
      ...(threw && { functionError: 'Unhandled' }),
    },
    version: '1.0',
    timestamp: new Date().toISOString(),
    DDBStreamBatchInfo: {
      shardId: SHARD_ID,
      startSequenceNumber: sequenceOf(first),
      endSequenceNumber: sequenceOf(last),
      approximateArrivalOfFirstRecord: arrival(first),
      approximateArrivalOfLastRecord: arrival(last),
      batchSize: records.length,
      streamArn: first.eventSourceARN,
    },
  };
}

function arrival({ dynamodb }: StreamRecord): string {
  return new Date(dynamodb.ApproximateCreationDateTime * 1000).toISOString();
}
