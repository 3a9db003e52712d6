/** The names of the endpoints table's keys: shared by the construct that makes it and the store that uses it. */

export const EndpointsTable = {
  partitionKey: 'owner',
  sortKey: 'endpointId',
  ttlAttribute: 'expiresAt',
} as const;
