/** The names of the deliveries table's keys and indexes: shared by the construct that makes it and the store that uses it. */

export const DeliveriesTable = {
  partitionKey: 'jobId',
  /** Version of the job, then endpoint: a job's deliveries in the order of its events. */
  sortKey: 'deliveryKey',
  ttlAttribute: 'expiresAt',
  /** Deliveries of a registered endpoint by time. Keys alone, which never change: attempts do not write it. */
  endpointIndex: { name: 'byEndpoint', partitionKey: 'listedUnder', sortKey: 'createdAt' },
  /**
   * Deliveries whose next attempt is further away than a queue can delay, by the time at which they are to be queued.
   * Sparse, and spread over 16 partitions: as many may wait as a table can hold.
   */
  waitingIndex: { name: 'waiting', partitionKey: 'waitingShard', sortKey: 'nextAttemptAt' },
} as const;

/** Which partition of the waiting index a delivery is in: the first digit of its job's id. */
export function waitingShard(jobId: string): string {
  return jobId.slice(0, 1);
}

export const WAITING_SHARDS = [...'0123456789abcdef'];
