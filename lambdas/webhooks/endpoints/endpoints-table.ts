/** Defines the key names of the endpoints table, for its construct and its store. */

export const EndpointsTable = {
  partitionKey: 'owner',
  sortKey: 'endpointId',
  ttlAttribute: 'expiresAt',
} as const;
