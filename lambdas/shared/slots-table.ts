/** Defines the names of the slots table, for its construct and its store. */

export const SlotsTable = {
  /** A purpose and an owner: `waits arn:aws:iam::…`. */
  partitionKey: 'holder',
  ttlAttribute: 'expiresAt',
} as const;
