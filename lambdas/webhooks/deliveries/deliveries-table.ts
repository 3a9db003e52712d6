/** Defines the key and index names of the deliveries table, for its construct and its store. */

export const DeliveriesTable = {
  partitionKey: 'jobId',
  /** Version of the job, then endpoint: sorts a job's deliveries in the order of its events. */
  sortKey: 'deliveryKey',
  ttlAttribute: 'expiresAt',
  /** Deliveries of a registered endpoint by time. Projects only keys, which never change: attempts do not write it. */
  endpointIndex: { name: 'byEndpoint', partitionKey: 'listedUnder', sortKey: 'createdAt' },
  /**
   * Deliveries whose next attempt is beyond SQS's maximum delay, by the time of that attempt. Sparse and spread over 16
   * partitions, so the number of waiting deliveries has no limit of its own.
   */
  waitingIndex: { name: 'waiting', partitionKey: 'waitingShard', sortKey: 'nextAttemptAt' },
} as const;

/** Returns the partition of a delivery in the waiting index: the first digit of its job id. */
export function waitingShard(jobId: string): string {
  return jobId.slice(0, 1);
}

export const WAITING_SHARDS = [...'0123456789abcdef'];
