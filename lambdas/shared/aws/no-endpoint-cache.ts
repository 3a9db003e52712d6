/**
 * Replaces `@aws-sdk/endpoint-cache` in the engine's functions. The DynamoDB client creates a cache of 1,000 endpoints, and none of
 * its commands uses it: only Timestream discovers endpoints.
 */
export class EndpointCache {
  readonly get = missing;
  readonly getEndpoint = missing;
  readonly set = missing;
  readonly has = missing;
  readonly delete = missing;
  readonly clear = missing;
}

function missing(): never {
  throw new Error(
    'This bundle discovers no endpoints: set `wholeSdk` of its function to call a service that needs it.',
  );
}
