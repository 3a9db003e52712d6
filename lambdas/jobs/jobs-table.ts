/** Names the keys and indexes of the jobs table, for its construct and its store. */

export const JobsTable = {
  partitionKey: 'jobId',
  ttlAttribute: 'expiresAt',
  /** Lists an owner's jobs by creation time. It omits progress, so that progress reports write no index. */
  ownerIndex: {
    name: 'byOwner',
    partitionKey: 'owner',
    sortKey: 'createdAt',
    attributes: ['operation', 'status', 'endedAt', 'expiresAt'],
  },
  /**
   * Open jobs, which limits count by owner and the reconciler reads. Sparse: the end of a job removes the key, so the index
   * stays small.
   */
  openIndex: {
    name: 'open',
    partitionKey: 'openOwner',
    sortKey: 'createdAt',
    attributes: ['operation', 'idempotent', 'awaitsUpload'],
  },
} as const;
