/** The names of the jobs table's keys and indexes: shared by the construct that makes it and the store that uses it. */

export const JobsTable = {
  partitionKey: 'jobId',
  ttlAttribute: 'expiresAt',
  /** An owner's jobs by creation time: listing. Progress is not in it, so that reporting progress writes no index. */
  ownerIndex: {
    name: 'byOwner',
    partitionKey: 'owner',
    sortKey: 'createdAt',
    attributes: ['operation', 'status', 'endedAt', 'expiresAt'],
  },
  /** Jobs that have not ended, spread over 16 partitions: reconciling. Sparse: ending removes the key. */
  openIndex: {
    name: 'open',
    partitionKey: 'openShard',
    sortKey: 'createdAt',
    attributes: ['operation', 'owner', 'idempotent'],
  },
} as const;

/**
 * Which partition of the open index a job is in: the first digit of its id. One partition takes 1,000 writes a second;
 * each job writes the index twice, so 16 carry 8,000 jobs a second.
 */
export function openShard(jobId: string): string {
  return jobId.slice(0, 1);
}
