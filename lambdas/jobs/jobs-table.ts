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
  /** An owner's jobs that have not ended: what limits count. Sparse: ending removes the key, so that it stays small. */
  openIndex: {
    name: 'open',
    partitionKey: 'openOwner',
    sortKey: 'createdAt',
    attributes: ['operation', 'idempotent'],
  },
} as const;
